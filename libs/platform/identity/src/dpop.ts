import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, compactVerify, decodeProtectedHeader, errors, importJWK, type JWK } from 'jose';

/** Asymmetric ones alone, as RFC 9449 section 4.2 wants. */
export const dpopAlgorithms = ['ES256', 'ES384', 'ES512', 'EdDSA', 'PS256', 'PS384', 'PS512', 'RS256'] as const;
const maxProof = 8192;
/** How far `iat` may lie from our clock, in milliseconds, and so long a proof is remembered. */
export const dpopWindow = 60_000;
/** Members of private keys and of symmetric ones. */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

export class DpopError extends Error {
  readonly code = 'ERR_DPOP';
}

export interface DpopProof {
  /** JWK thumbprint (RFC 7638), base64url. */
  readonly jkt: string;
  /** What the proof is remembered by, so that it is taken once: SHA-256 of key and `jti`. */
  readonly once: Uint8Array;
}

/**
 * Verifies a DPoP proof (RFC 9449 section 4.3) for one request. That it is not shown twice is for the caller: `once`. No nonce is asked for: proofs are taken once, for a
 * minute. Throws DpopError.
 * @param now milliseconds since 1970
 */
export async function verifyDpop(proof: string, { method, url, now }: { readonly method: string; readonly url: string; readonly now: number }): Promise<DpopProof> {
  if (proof.length > maxProof) throw new DpopError('the proof is too long');
  const jwk = readHeader(proof);
  const claims = await readClaims(proof, jwk);
  const { htm, htu, iat, jti } = claims;
  if (htm !== method) throw new DpopError('htm is not the method of this request');
  if (typeof htu !== 'string' || plainUrl(htu) === null || plainUrl(htu) !== plainUrl(url)) throw new DpopError(`htu is not the address of this endpoint, ${url}`);
  if (typeof iat !== 'number' || Math.abs(iat * 1000 - now) > dpopWindow) throw new DpopError('iat is more than a minute away from our clock');
  if (typeof jti !== 'string' || jti === '' || jti.length > 256) throw new DpopError('jti is missing or too long');
  const jkt = await calculateJwkThumbprint(jwk, 'sha256');
  return { jkt, once: createHash('sha256').update(JSON.stringify(['dpop', jkt, jti])).digest() };
}

function readHeader(proof: string): JWK {
  try {
    const { typ, alg, jwk, crit } = decodeProtectedHeader(proof);
    if (typ !== 'dpop+jwt') throw new DpopError('typ is not dpop+jwt');
    if (crit !== undefined) throw new DpopError('the header asks for an extension that is not supported');
    if (!dpopAlgorithms.some((one) => one === alg)) throw new DpopError(`alg is none of ${dpopAlgorithms.join(', ')}`);
    if (typeof jwk !== 'object' || jwk.kty === 'oct' || secretMembers.some((member) => member in jwk)) throw new DpopError('jwk is no public key');
    return jwk;
  } catch (error) {
    if (error instanceof DpopError) throw error;
    throw new DpopError('not a signed JWT');
  }
}

async function readClaims(proof: string, jwk: JWK): Promise<Readonly<Record<string, unknown>>> {
  try {
    const { alg } = decodeProtectedHeader(proof);
    const { payload } = await compactVerify(proof, await importJWK(jwk, alg), { algorithms: [...dpopAlgorithms] });
    const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    if (typeof claims === 'object' && claims !== null && !Array.isArray(claims)) return Object.fromEntries(Object.entries(claims));
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) throw new DpopError('the signature is wrong');
  }
  throw new DpopError('the proof cannot be read');
}

/** Without query and fragment, in the URL standard's own spelling. */
function plainUrl(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  return url.origin === 'null' ? null : url.origin + url.pathname;
}
