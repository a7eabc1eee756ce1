import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Identity } from './request.ts';

/** The name is taken: a person of the inventory who is called so cannot log in. */
export const bootstrapName = 'bootstrap-admin';
export const bootstrapWarning = 'bootstrap admin token is for setup; give the admin role to a person and start the console without SALLYPORT_ADMIN_TOKEN_FILE';
const shortest = 32;

/** The administrator of an installation that has no people yet: may do what the role `admin` may, and nothing else. */
export class BootstrapToken {
  readonly #digest: Buffer;

  constructor(token: string) {
    if (token.length < shortest) throw new Error(`the bootstrap admin token has fewer than ${shortest} characters`);
    this.#digest = sha256(token);
  }

  /** Reads a file whose text, without blanks around it, is the token. */
  static fromFile(path: string): BootstrapToken {
    return new BootstrapToken(readFileSync(path, 'utf8').trim());
  }

  /** In the same time for every token of the same length. */
  is(token: string): boolean {
    return timingSafeEqual(sha256(token), this.#digest);
  }
}

export const bootstrapIdentity: Identity = { person: bootstrapName, roles: ['admin'], groups: [], tokenExpires: null };

const sha256 = (text: string) => createHash('sha256').update(text).digest();
