import { Body } from './body.ts';
import { maxSecretKey } from './cancel-request.ts';
import { Fields } from './fields.ts';

/**
 * BackendKeyData (B) 'K': Int32 process id, secret key to the end (4 bytes in 3.0, 4 to 256 in 3.2).
 * @returns a copy of process id and secret key in one piece
 */
export function readBackendKeyData(bytes: Buffer, start: number, end: number): Buffer {
  const fields = new Fields('BackendKeyData', bytes, start, end);
  fields.int32('process id');
  if (fields.left < 4 || fields.left > maxSecretKey) throw fields.wrong(`a secret key of ${fields.left} bytes`);
  return Buffer.from(bytes.subarray(start, end));
}

/** @param secret 4 bytes for a client of protocol 3.0, up to 256 for 3.2 */
export function writeBackendKeyData(pid: number, secret: Uint8Array): Buffer {
  return new Body().int32(pid).bytes(secret).frame('K');
}
