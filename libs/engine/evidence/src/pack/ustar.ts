import { sameHash as sameBytes } from '../merkle/hash.ts';
import { PackError } from './pack-error.ts';

// POSIX ustar, of which this uses so little that one content has one archive: SPEC.md 3.1.

export interface ArchiveFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

const block = 512;
/** What 11 octal digits can say. */
const longestFile = 8 ** 11 - 1;

/** The archive of these files, in whatever order they come. Throws `PackError` (`ERR_PACK_PATH`) on a path that cannot stand in one, or stands there twice. */
export function writeArchive(files: readonly ArchiveFile[]): Uint8Array {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  for (const [i, { path }] of sorted.entries()) {
    if (!isArchivePath(path)) throw new PackError('ERR_PACK_PATH', 'a path of an archive has 1 to 100 characters of A-Z a-z 0-9 . _ - in segments');
    if (sorted[i - 1]?.path === path) throw new PackError('ERR_PACK_PATH', `${path} is there twice`);
  }
  const archive = new Uint8Array(sorted.reduce((sum, { bytes }) => sum + block + padded(bytes.length), 2 * block));
  let at = 0;
  for (const { path, bytes } of sorted) {
    archive.set(header(path, bytes.length), at);
    archive.set(bytes, at + block);
    at += block + padded(bytes.length);
  }
  return archive;
}

/** The files of an archive, views into it. Throws `PackError` (`ERR_PACK_ARCHIVE`) on any byte that `writeArchive` would have written otherwise. */
export function readArchive(archive: Uint8Array): ArchiveFile[] {
  const files: ArchiveFile[] = [];
  const end = archive.length - 2 * block;
  if (end < 0 || archive.length % block !== 0) damaged('it is not made of whole blocks');
  let at = 0;
  while (at < end) {
    const file = fileAt(archive, at, end);
    if (file.path <= (files.at(-1)?.path ?? '')) damaged('its entries are not in order');
    files.push(file);
    at += block + padded(file.bytes.length);
  }
  if (!isZero(archive.subarray(end))) damaged('it does not end as it must');
  return files;
}

export function isArchivePath(path: string): boolean {
  return path.length <= 100 && /^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/.test(path) && !path.split('/').some((part) => part === '.' || part === '..');
}

function fileAt(archive: Uint8Array, at: number, end: number): ArchiveFile {
  const found = archive.subarray(at, at + block);
  const path = text(found.subarray(0, 100)).replace(/\0+$/, '');
  const digits = text(found.subarray(124, 135));
  if (!isArchivePath(path) || !/^[0-7]{11}$/.test(digits)) damaged('a header is not in its one form');
  const length = Number.parseInt(digits, 8);
  if (!sameBytes(header(path, length), found)) damaged('a header is not in its one form');
  if (at + block + padded(length) > end) damaged('it ends early');
  const from = at + block;
  if (!isZero(archive.subarray(from + length, from + padded(length)))) damaged('something stands between two entries');
  return { path, bytes: archive.subarray(from, from + length) };
}

function header(path: string, length: number): Uint8Array {
  if (length > longestFile) throw new PackError('ERR_PACK_TOO_LARGE', 'a file of an archive has at most 8 GiB');
  const bytes = new Uint8Array(block);
  const put = (at: number, what: string) => bytes.set(ascii(what), at);
  put(0, path);
  put(100, '0000644\0');
  put(108, '0000000\0');
  put(116, '0000000\0');
  put(124, `${length.toString(8).padStart(11, '0')}\0`);
  put(136, '00000000000\0');
  put(148, '        ');
  put(156, '0');
  put(257, 'ustar\x0000');
  put(329, '0000000\0');
  put(337, '0000000\0');
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return bytes;
}

function ascii(what: string): Uint8Array {
  return Uint8Array.from(what, (character) => character.charCodeAt(0));
}

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function padded(length: number): number {
  return Math.ceil(length / block) * block;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

function damaged(say: string): never {
  throw new PackError('ERR_PACK_ARCHIVE', `not an archive of a pack: ${say}`);
}
