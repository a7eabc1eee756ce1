import { X509Certificate } from 'node:crypto';
import { ContentInfo, SignedData, type SignerInfo } from '@peculiar/asn1-cms';
import { AsnConvert } from '@peculiar/asn1-schema';
import { id_ct_tstInfo, TSTInfo } from '@peculiar/asn1-tsp';
import { BaseBlock, Constructed, fromBER } from 'asn1js';
import { refuse, TimestampError } from './timestamp-error.ts';

/** A token taken apart: RFC 3161's TSTInfo in the SignedData of RFC 5652. Nothing is verified. */
export interface Token {
  readonly info: TSTInfo;
  /** The bytes of `info` that are signed for. */
  readonly content: Uint8Array;
  readonly signer: SignerInfo;
  /** The signer's signed attributes as they came, with the tag `[0]`; null if there are none. */
  readonly signedAttributes: Uint8Array | null;
  /** As they came, in no order. */
  readonly certificates: readonly X509Certificate[];
}

const signedData = '1.2.840.113549.1.7.2';
/** Larger tokens are refused unread, in bytes. Our own limit; real ones have 2 to 8 KiB. */
export const longestToken = 64 * 1024;

/** Throws TimestampError (`ERR_TIMESTAMP_MALFORMED`). */
export function parseToken(der: Uint8Array): Token {
  if (der.length > longestToken) refuse('ERR_TIMESTAMP_MALFORMED', 'it is too long');
  try {
    const outer = AsnConvert.parse(der, ContentInfo);
    if (outer.contentType !== signedData) return refuse('ERR_TIMESTAMP_MALFORMED', 'it is not signed data');
    const { encapContentInfo: inner, signerInfos } = AsnConvert.parse(outer.content, SignedData);
    const content = inner.eContent?.single;
    const [signer, ...more] = signerInfos;
    if (inner.eContentType !== id_ct_tstInfo || content === undefined) return refuse('ERR_TIMESTAMP_MALFORMED', 'it signs something else than a time');
    if (signer === undefined || more.length > 0) return refuse('ERR_TIMESTAMP_MALFORMED', 'it has not one signer');
    const bytes = new Uint8Array(content.buffer);
    return { info: AsnConvert.parse(bytes, TSTInfo), content: bytes, signer, ...asTheyCame(outer.content) };
  } catch (error) {
    if (error instanceof TimestampError) throw error;
    throw new TimestampError('ERR_TIMESTAMP_MALFORMED', 'it is no timestamp token');
  }
}

/** What is signed or hashed by its own bytes: written again they might be others. */
function asTheyCame(content: ArrayBuffer): Pick<Token, 'certificates' | 'signedAttributes'> {
  const parts = childrenOf(fromBER(content).result);
  const certificates = parts.find(isZero);
  const [signer] = childrenOf(parts.at(-1));
  return {
    certificates: childrenOf(certificates).map((certificate) => new X509Certificate(certificate.valueBeforeDecodeView)),
    signedAttributes: childrenOf(signer).find(isZero)?.valueBeforeDecodeView ?? null,
  };
}

/** The tag `[0]`. */
function isZero({ idBlock }: BaseBlock): boolean {
  return idBlock.tagClass === 3 && idBlock.tagNumber === 0;
}

function childrenOf(block: BaseBlock | undefined): BaseBlock[] {
  return block instanceof Constructed ? block.valueBlock.value.filter((child) => child instanceof BaseBlock) : [];
}
