import { Sealed } from '@sallyport/domain-model';
import { readKeyFile } from './key-file.ts';

/** The key of this installation's tokens. Another key makes other tokens of the same values: keep it, and keep it out of the database. */
export class TokenKey {
  readonly #key: Sealed<string>;

  constructor(path: string) {
    this.#key = new Sealed(readKeyFile(path).toString('base64url'));
  }

  get base64url(): string {
    return this.#key.open('a gateway makes tokens with it');
  }
}
