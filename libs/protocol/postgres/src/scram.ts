import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { saslPrep } from './saslprep.ts';
import { ScramError } from './scram-error.ts';

/**
 * How the exchange is tied to the TLS connection (RFC 5802 section 6). `n`: we cannot; `y`: we can, but the server did not offer it
 * (it will notice if somebody took its offer away); `tls-server-end-point`: the hash of its certificate (RFC 5929 section 4.1).
 */
export type ChannelBinding = { readonly kind: 'n' | 'y' } | { readonly kind: 'tls-server-end-point'; readonly data: Buffer };

/** Iterations are the server's to choose and ours to compute: a hostile one must not keep us busy. PostgreSQL's default is 4096. */
const maxIterations = 1_000_000;

/**
 * The client's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677; docs "SASL Authentication"). Call `first`, `final`,
 * `verify` in this order, once each. The user name stays empty: PostgreSQL takes it from the StartupMessage.
 */
export class ScramExchange {
  readonly mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-256-PLUS';
  readonly #binding: ChannelBinding;
  readonly #firstBare: string;
  readonly #nonce: string;
  #serverSignature: Buffer | null = null;

  constructor(binding: ChannelBinding, nonce: string = randomBytes(18).toString('base64')) {
    this.mechanism = binding.kind === 'tls-server-end-point' ? 'SCRAM-SHA-256-PLUS' : 'SCRAM-SHA-256';
    this.#binding = binding;
    this.#nonce = nonce;
    this.#firstBare = `n=,r=${nonce}`;
  }

  /** client-first-message */
  first(): Buffer {
    return Buffer.from(`${this.#header()}${this.#firstBare}`);
  }

  /**
   * client-final-message with the proof.
   * @param password read before the first await, so the caller may wipe it afterwards
   * @throws ScramError
   */
  async final(serverFirst: Buffer, password: Uint8Array): Promise<Buffer> {
    const text = serverFirst.toString('utf8');
    const { nonce, salt, iterations } = readServerFirst(text);
    if (!nonce.startsWith(this.#nonce) || nonce.length === this.#nonce.length) throw new ScramError('the target did not extend our nonce');
    const prepared = saslPrep(password);
    const salted = await saltedPassword(prepared, salt, iterations).finally(() => prepared.fill(0));
    const data = this.#binding.kind === 'tls-server-end-point' ? this.#binding.data : Buffer.alloc(0);
    const withoutProof = `c=${Buffer.concat([Buffer.from(this.#header()), data]).toString('base64')},r=${nonce}`;
    const authMessage = `${this.#firstBare},${text},${withoutProof}`;
    const clientKey = hmac(salted, 'Client Key');
    const signature = hmac(createHash('sha256').update(clientKey).digest(), authMessage);
    this.#serverSignature = hmac(hmac(salted, 'Server Key'), authMessage);
    salted.fill(0);
    for (let i = 0; i < clientKey.length; i++) clientKey[i] = (clientKey[i] ?? 0) ^ (signature[i] ?? 0);
    return Buffer.from(`${withoutProof},p=${clientKey.toString('base64')}`);
  }

  /** The server proves that it knows the password too. @throws ScramError when it does not */
  verify(serverFinal: Buffer): void {
    const said = /^v=([A-Za-z0-9+/]+={0,2})(?:,|$)/.exec(serverFinal.toString('utf8'))?.[1];
    const expected = this.#serverSignature;
    const given = said === undefined ? null : Buffer.from(said, 'base64');
    if (expected === null || given === null || given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new ScramError('the target could not prove that it knows the password');
    }
  }

  #header(): string {
    return this.#binding.kind === 'tls-server-end-point' ? 'p=tls-server-end-point,,' : `${this.#binding.kind},,`;
  }
}

function readServerFirst(text: string): { nonce: string; salt: Buffer; iterations: number } {
  const match = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+={0,2}),i=([1-9][0-9]{0,9})$/.exec(text);
  if (match === null) throw new ScramError('the target sent a malformed SCRAM challenge');
  const iterations = Number(match[3]);
  if (iterations > maxIterations) throw new ScramError(`the target asks for ${iterations} SCRAM iterations, the limit is ${maxIterations}`);
  return { nonce: match[1] ?? '', salt: Buffer.from(match[2] ?? '', 'base64'), iterations };
}

function saltedPassword(password: Uint8Array, salt: Buffer, iterations: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    pbkdf2(password, salt, iterations, 32, 'sha256', (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
