import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SignJWT } from 'jose';
import type { Lease } from '@sallyport/domain-model';
import { leaseClaims, leaseType } from '@sallyport/engine-policy';

/** The lease key cannot be used. The message names the file, never its content. */
export class LeaseKeyError extends Error {
  readonly code = 'ERR_LEASE_KEY';
}

/** Signs leases with the decision point's key. */
export class LeaseSigner {
  readonly #key: KeyObject;

  constructor(key: KeyObject) {
    if (key.type !== 'private' || key.asymmetricKeyType !== 'ed25519') throw new LeaseKeyError('the lease key is not an Ed25519 private key');
    this.#key = key;
  }

  /** @param path of a PEM file (PKCS #8) */
  static fromFile(path: string): LeaseSigner {
    let key: KeyObject;
    try {
      key = createPrivateKey(readFileSync(path));
    } catch {
      // The cause may quote the file.
      throw new LeaseKeyError(`the lease key ${path} cannot be read as a PEM private key`);
    }
    return new LeaseSigner(key);
  }

  sign(lease: Lease): Promise<string> {
    return new SignJWT(leaseClaims(lease)).setProtectedHeader({ alg: 'EdDSA', typ: leaseType }).sign(this.#key);
  }
}
