import { deflateRawSync } from 'node:zlib';
import { crc32 } from './crc32.ts';
import { gzipHeader } from './gunzip.ts';

/** One gzip member with a header that says nothing of when and where: the same bytes wherever the same zlib compresses. */
export function gzip(bytes: Uint8Array): Uint8Array {
  const deflated = deflateRawSync(bytes, { level: 9 });
  const out = new Uint8Array(gzipHeader.length + deflated.length + 8);
  out.set(gzipHeader);
  out.set(deflated, gzipHeader.length);
  const end = new DataView(out.buffer, out.length - 8);
  end.setUint32(0, crc32(bytes), true);
  end.setUint32(4, bytes.length % 2 ** 32, true);
  return out;
}
