import { refuse } from './refused.ts';
import { trustDomainOf } from './svid/spiffe-id.ts';

/** Longest accepted token in characters; CI tokens with many groups reach 8 KB. */
export const maxTokenLength = 16_384;
/** Shortest signature of any accepted algorithm, in base64url characters (Ed25519 and ES256: 64 bytes). */
const minSignatureLength = 86;
const maxKid = 512;
const types: readonly unknown[] = [undefined, 'jwt', 'at+jwt', 'application/at+jwt', 'application/jwt'];

export type Claims = Readonly<Record<string, unknown>>;

/** A token taken apart. Nothing in it is true yet. */
export interface UnverifiedToken {
  readonly compact: string;
  readonly alg: string;
  readonly kid: string | undefined;
  readonly claims: Claims;
}

/**
 * Takes a JWS in compact serialisation (RFC 7515 section 7.1) apart: exactly three parts of unpadded base64url, header and payload
 * JSON objects. Refuses encrypted tokens, detached or unencoded payloads, critical headers, and types that are not access or
 * identity tokens. Key hints in the header (`jku`, `jwk`, `x5u`, `x5c`) are not looked at: keys come from the issuer's settings only.
 */
export function takeApart(compact: string): UnverifiedToken {
  if (compact === '') refuse('token-missing', 'no token was given');
  if (compact.length > maxTokenLength) refuse('token-too-large', `the token is longer than ${maxTokenLength} characters`);
  const [head = '', body = '', signature = '', ...rest] = compact.split('.', 4);
  if (rest.length > 0 || compact.split('.').length !== 3) refuse('token-malformed', 'not a signed JWT: it has not three parts');
  const header = jsonPart(head, 'header');
  const claims = jsonPart(body, 'payload');
  const { alg, kid, typ } = header;
  if (typeof alg !== 'string') refuse('token-malformed', 'the header names no algorithm');
  if ('crit' in header || 'b64' in header || 'enc' in header) refuse('token-malformed', 'the header asks for an extension that is not supported');
  // `JOSE` is one of the two types that a JWT-SVID may have.
  const svid = typ === 'JOSE' && trustDomainOf(claims['sub']) !== null;
  if (!svid && !types.includes(typeof typ === 'string' ? typ.toLowerCase() : typ)) refuse('token-malformed', 'the header names a type that is no access or identity token');
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > maxKid)) refuse('token-malformed', 'the key id is no string of sensible length');
  // "none" and short signatures are refused by name, so that the reason is told apart from garbage.
  if (/^none$/i.test(alg)) refuse('algorithm-refused', 'the token is not signed');
  if (!isBase64url(signature)) refuse('token-malformed', 'the signature is not base64url');
  if (signature.length < minSignatureLength && !/^HS/i.test(alg)) refuse('token-malformed', 'the signature is too short for any accepted algorithm');
  return { compact, alg, kid, claims };
}

function jsonPart(part: string, which: string): Readonly<Record<string, unknown>> {
  if (!isBase64url(part)) refuse('token-malformed', `the ${which} is not base64url`);
  const value = parseJson(part);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse('token-malformed', `the ${which} is no JSON object`);
  return Object.fromEntries(Object.entries(value));
}

function parseJson(part: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(part, 'base64url')));
  } catch {
    return null;
  }
}

const isBase64url = (text: string) => text.length > 0 && text.length % 4 !== 1 && /^[A-Za-z0-9_-]+$/.test(text);
