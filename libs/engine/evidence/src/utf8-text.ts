import { isUtf8 } from 'node:buffer';

/** The text of UTF-8 bytes, with a byte order mark kept; null if they are not UTF-8. A build for the browser replaces this file by one with the same export. */
export function utf8Text(bytes: Uint8Array): string | null {
  return isUtf8(bytes) ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString() : null;
}
