/** Why nothing is answered: a code of the contracts, and a sentence for whoever asked. */
export class RightsizeError extends Error {
  override readonly name = 'RightsizeError';
  readonly code: 'denied' | 'not-found' | 'unused' | 'too-much' | 'invalid' | 'unavailable';

  constructor(code: RightsizeError['code'], say: string) {
    super(say);
    this.code = code;
  }
}
