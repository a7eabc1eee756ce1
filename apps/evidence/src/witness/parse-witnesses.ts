import { cosignatureType, parseVerifierKey, type VerifierKey } from '@sallyport/engine-evidence';

/** A witness that is asked to cosign. */
export interface WitnessAddress {
  /** `add-checkpoint` is appended to it; it ends with a slash. */
  readonly url: string;
  readonly key: VerifierKey;
}

/** `url=vkey`, with white space between witnesses. Throws RangeError on anything else, and when two have one name. */
export function parseWitnesses(text: string): WitnessAddress[] {
  const witnesses = text.split(/\s+/).filter((one) => one !== '').map(witnessOf);
  if (new Set(witnesses.map(({ key }) => key.name)).size !== witnesses.length) throw new RangeError('two witnesses have one name');
  return witnesses;
}

function witnessOf(text: string): WitnessAddress {
  const split = text.indexOf('=');
  const [url, vkey] = [text.slice(0, Math.max(0, split)), text.slice(split + 1)];
  if (!/^https?:\/\/[^=?#]+$/.test(url) || !URL.canParse(url)) throw new RangeError('a witness is the URL of its submission prefix, an equals sign and its verifier key');
  const key = keyOf(vkey);
  if (key?.type !== cosignatureType) throw new RangeError('not a verifier key for Ed25519 cosignatures (type 0x04)');
  return { url: url.endsWith('/') ? url : `${url}/`, key };
}

function keyOf(text: string): VerifierKey | null {
  try {
    return parseVerifierKey(text);
  } catch {
    return null;
  }
}
