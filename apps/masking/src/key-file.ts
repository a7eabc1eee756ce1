import { readFileSync } from 'node:fs';

/** A file that holds 32 bytes as base64url. The error names the file, never its content. */
export function readKeyFile(path: string): Buffer {
  const text = readFileSync(path, 'utf8').trim();
  const key = Buffer.from(text, 'base64url');
  if (key.byteLength !== 32 || !/^[A-Za-z0-9_-]{43}=?$/.test(text)) throw new Error(`${path} must hold 32 bytes as base64url`);
  return key;
}
