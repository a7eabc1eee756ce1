import { Body } from './body.ts';
import { Fields } from './fields.ts';
import { cancelRequestCode } from './requests.ts';

/** Secret keys have 4 bytes in protocol 3.0, up to 256 in 3.2 (docs: CancelRequest, BackendKeyData). */
export const maxSecretKey = 256;

/**
 * CancelRequest (F): Int32 length, Int32 80877102, Int32 process id, then the secret key to the end. Takes the whole packet.
 * @returns process id and secret key in one piece, which is also the body of the BackendKeyData that gave them out
 */
export function readCancelRequest(packet: Buffer): Buffer {
  const fields = new Fields('CancelRequest', packet, 4, packet.length);
  if (fields.int32('code') !== cancelRequestCode) throw fields.wrong('has another code');
  const key = fields.at;
  fields.int32('process id');
  if (fields.left < 4 || fields.left > maxSecretKey) throw fields.wrong(`a secret key of ${fields.left} bytes`);
  return packet.subarray(key);
}

/** @param key body of the BackendKeyData: process id and secret */
export function writeCancelRequest(key: Uint8Array): Buffer {
  return new Body().int32(cancelRequestCode).bytes(key).untyped();
}
