import { sameHash as sameBytes } from '../merkle/hash.ts';
import { certificatesOf, leadsTo, parseCertificate, type Certificate } from './certificate.ts';
import { derOf, DerError, expect, oidOf, partsOf, tags, timeOf, type Der } from './der.ts';
import { digest, holds } from './signature.ts';

// RFC 3161 tokens: TSTInfo in the SignedData of RFC 5652.

const tstInfo = '1.2.840.113549.1.9.16.1.4';
const sha256 = '2.16.840.1.101.3.4.2.1';
/** Longer ones are refused unread, in bytes. Our own limit; real ones have 2 to 8 KiB. */
const longest = 64 * 1024;

export interface Token {
  /** By the authority's clock, milliseconds since 1970. */
  readonly time: number;
  /** SHA-256 of what it is of; null if it is another hash. */
  readonly imprint: Uint8Array | null;
  readonly content: Uint8Array;
  readonly certificates: readonly Certificate[];
  readonly signer: { readonly digest: string; readonly kind: string; readonly signature: Uint8Array; readonly attributes: Der };
}

/** Takes a token apart; nothing is verified. Throws DerError. */
export function parseToken(der: Uint8Array): Token {
  if (der.length > longest) throw new DerError('it is too long');
  const [type, wrapped] = partsOf(derOf(der), tags.sequence);
  if (oidOf(type) !== '1.2.840.113549.1.7.2') throw new DerError('it is not signed data');
  const parts = partsOf(partsOf(wrapped, tags.zero)[0], tags.sequence);
  const [of, inner] = partsOf(parts[2], tags.sequence);
  if (oidOf(of) !== tstInfo) throw new DerError('it signs something else than a time');
  const content = expect(partsOf(inner, tags.zero)[0], tags.octets).content;
  const [, , imprint, , time] = partsOf(derOf(content), tags.sequence);
  const [algorithm, hash] = partsOf(imprint, tags.sequence);
  const given = parts.find(({ tag }) => tag === tags.zero);
  const isSha256 = oidOf(partsOf(algorithm, tags.sequence)[0]) === sha256;
  return {
    time: timeOf(time), content, imprint: isSha256 ? expect(hash, tags.octets).content : null,
    certificates: given === undefined ? [] : partsOf(given, tags.zero).filter(({ tag }) => tag === tags.sequence).map(({ raw }) => parseCertificate(raw)),
    signer: signerOf(parts.at(-1)),
  };
}

function signerOf(set: Der | undefined): Token['signer'] {
  const [signer, ...more] = partsOf(set, tags.set);
  if (signer === undefined || more.length > 0) throw new DerError('it has not one signer');
  const [, , algorithm, attributes, kind, signature] = partsOf(signer, tags.sequence);
  return { digest: oidOf(partsOf(algorithm, tags.sequence)[0]), kind: oidOf(partsOf(kind, tags.sequence)[0]), signature: expect(signature, tags.octets).content, attributes: expect(attributes, tags.zero) };
}

export interface VerifiedTime {
  readonly time: number;
  /** Name of the signer, as its certificate has it. */
  readonly signer: string;
}

/**
 * That a trusted authority has seen a text at a time. The time, or in a few words why not. SHA-256 imprints; RSA (PKCS #1) and ECDSA with SHA-2;
 * revocation is not looked at.
 * @param roots PEM texts with the certificates that end a chain. Throws DerError for one that has none
 */
export async function verifyToken(der: Uint8Array, text: Uint8Array, roots: readonly string[]): Promise<VerifiedTime | string> {
  const trusted = roots.flatMap(certificatesOf);
  try {
    return await verified(parseToken(der), text, trusted);
  } catch (error) {
    // Beside our own, WebCrypto's for a key that it does not take.
    return error instanceof DerError ? error.message : 'it is signed in a way that is not understood';
  }
}

async function verified({ time, imprint, content, certificates, signer }: Token, text: Uint8Array, trusted: readonly Certificate[]): Promise<VerifiedTime | string> {
  if (imprint === null || !sameBytes(imprint, await digest(sha256, text))) return 'it is of something else';
  const attributes = new Map(partsOf(signer.attributes, tags.zero).map((attribute) => {
    const [type, values] = partsOf(attribute, tags.sequence);
    return [oidOf(type), partsOf(values, tags.set)[0]] as const;
  }));
  if (oidOf(attributes.get('1.2.840.113549.1.9.3')) !== tstInfo) return 'it is signed as something else than a time';
  if (!sameBytes(expect(attributes.get('1.2.840.113549.1.9.4'), tags.octets).content, await digest(signer.digest, content))) return 'the signature is of something else';
  const own = await namedIn(attributes, certificates);
  if (own === null || !own.forTimestamps) return 'the certificate of its signer is not in it, or not for timestamps alone';
  const signed = Uint8Array.from(signer.attributes.raw).with(0, tags.set);
  if (!(await holds({ bytes: signed, signature: signer.signature, kind: signer.kind, digest: signer.digest, key: own.key }))) return 'the signature does not hold';
  if (!(await leadsTo(trusted, own, certificates, time))) return 'its signer is not of an authority that you trust';
  return { time, signer: own.name };
}

/** ESS: the certificate that the signer has signed for (RFC 5035 with its hash, RFC 2634 with SHA-1). */
async function namedIn(attributes: ReadonlyMap<string, Der | undefined>, certificates: readonly Certificate[]): Promise<Certificate | null> {
  const v2 = attributes.get('1.2.840.113549.1.9.16.2.47');
  const v1 = attributes.get('1.2.840.113549.1.9.16.2.12');
  const parts = partsOf(partsOf(partsOf(v2 ?? v1, tags.sequence)[0], tags.sequence)[0], tags.sequence);
  const said = parts[0]?.tag === tags.sequence ? oidOf(partsOf(parts[0], tags.sequence)[0]) : sha256;
  const wanted = expect(parts.find(({ tag }) => tag === tags.octets), tags.octets).content;
  for (const certificate of certificates) if (sameBytes(wanted, await digest(v2 === undefined ? '1.3.14.3.2.26' : said, certificate.raw))) return certificate;
  return null;
}
