import { randomBytes } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import { MessageImprint, TimeStampReq, TimeStampResp, TimeStampReqVersion } from '@peculiar/asn1-tsp';
import { AlgorithmIdentifier } from '@peculiar/asn1-x509';
import { refuse, TimestampError } from './timestamp-error.ts';

// RFC 3161, 2.4.

export const sha256Oid = '2.16.840.1.101.3.4.2.1';
/** An ASN.1 NULL, which many authorities want as the parameters of SHA-256. */
const nothing = Uint8Array.of(5, 0).buffer;

/** A request and what the answer has to have in it. */
export interface TimestampRequest {
  readonly der: Uint8Array;
  readonly nonce: Uint8Array;
}

/** Asks for a token over a SHA-256 hash, with the signer's certificate and a nonce of 16 random bytes. */
export function timestampRequest(imprint: Uint8Array): TimestampRequest {
  const nonce = new Uint8Array(randomBytes(16));
  // A positive INTEGER in its shortest form: first bit 0, first byte not 0.
  nonce[0] = ((nonce[0] ?? 0) & 0x7f) | 0x40;
  const request = new TimeStampReq({
    version: TimeStampReqVersion.v1,
    messageImprint: new MessageImprint({ hashAlgorithm: new AlgorithmIdentifier({ algorithm: sha256Oid, parameters: nothing }), hashedMessage: new OctetString(imprint) }),
    nonce: nonce.slice().buffer,
    certReq: true,
  });
  return { der: new Uint8Array(AsnConvert.serialize(request)), nonce };
}

/** The token of an answer, in DER; nothing is verified yet. Throws TimestampError. */
export function tokenOf(answer: Uint8Array): Uint8Array {
  const { status, timeStampToken } = responseOf(answer);
  // granted (0), granted with modifications (1)
  if (status.status > 1) refuse('ERR_TIMESTAMP_REFUSED', `the authority answers with status ${status.status}`);
  if (timeStampToken === undefined) return refuse('ERR_TIMESTAMP_MALFORMED', 'the authority grants it and gives nothing');
  return new Uint8Array(AsnConvert.serialize(timeStampToken));
}

function responseOf(answer: Uint8Array): TimeStampResp {
  try {
    return AsnConvert.parse(answer, TimeStampResp);
  } catch {
    throw new TimestampError('ERR_TIMESTAMP_MALFORMED', 'not an answer to a timestamp request');
  }
}
