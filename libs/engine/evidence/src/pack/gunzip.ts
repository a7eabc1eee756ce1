import { sameHash as sameBytes } from '../merkle/hash.ts';
import { crc32 } from './crc32.ts';
import { PackError } from './pack-error.ts';

/** No file name, no time, no flags, no system. */
export const gzipHeader = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);

/**
 * What `gzip` compressed. Throws `PackError` (`ERR_PACK_ARCHIVE`) on another header, on what does not decompress to what its end says, and
 * `ERR_PACK_TOO_LARGE` past `most` bytes. Works wherever there is a DecompressionStream: Node 20.12, browsers of 2023.
 */
export async function gunzip(packed: Uint8Array, most: number): Promise<Uint8Array> {
  if (packed.length < gzipHeader.length + 8 || !sameBytes(packed.subarray(0, gzipHeader.length), gzipHeader)) damaged('it does not begin as one');
  const bytes = await inflate(packed.slice(gzipHeader.length, -8), most);
  const end = new DataView(packed.buffer, packed.byteOffset + packed.length - 8, 8);
  if (end.getUint32(0, true) !== crc32(bytes) || end.getUint32(4, true) !== bytes.length % 2 ** 32) damaged('it does not end as it must');
  return bytes;
}

async function inflate(deflated: Uint8Array<ArrayBuffer>, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = new Blob([deflated]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(() => damaged('it does not decompress'));
    if (done) break;
    length += value.length;
    if (length > most) {
      await reader.cancel();
      throw new PackError('ERR_PACK_TOO_LARGE', `the pack has more than ${most} bytes`);
    }
    chunks.push(value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function damaged(say: string): never {
  throw new PackError('ERR_PACK_ARCHIVE', `not a pack: ${say}`);
}
