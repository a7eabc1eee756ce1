/** The demo was asked for where it must not run. */
export class NotInDemoModeError extends Error {
  override readonly name = 'NotInDemoModeError';
  readonly code = 'ERR_NOT_IN_DEMO_MODE';
}

/** Throws unless SALLYPORT_DEMO is `1` and nobody but this machine can reach the address. */
export function mustBeDemo(env: Readonly<Record<string, string | undefined>>, host: string): void {
  if (env['SALLYPORT_DEMO'] !== '1') throw new NotInDemoModeError('the demo issuer gives tokens to whoever runs the demo: it starts with SALLYPORT_DEMO=1 only');
  if (host !== '127.0.0.1' && host !== '::1' && host !== 'localhost') throw new NotInDemoModeError(`the demo issuer listens on loopback only, not on ${host}`);
}
