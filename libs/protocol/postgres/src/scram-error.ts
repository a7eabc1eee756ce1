/** A step of the SCRAM exchange that cannot be trusted or done. Its text holds nothing secret. */
export class ScramError extends Error {
  readonly code = 'ERR_SCRAM';

  constructor(message: string) {
    super(message);
    this.name = 'ScramError';
  }
}
