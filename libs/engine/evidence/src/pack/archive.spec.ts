import { spawnSync } from 'node:child_process';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../note/text.ts';
import { decodeBase64 } from './base64.ts';
import { csv } from './csv.ts';
import { gunzip } from './gunzip.ts';
import { gzip } from './gzip.ts';
import { readArchive, writeArchive } from './ustar.ts';

const segment = fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,9}$/);
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const files = fc.uniqueArray(fc.record({ path, bytes: fc.uint8Array({ maxLength: 1500 }) }), { selector: (file) => file.path });

describe('an archive', () => {
  it('gives back what was put in, sorted, and is the same in whatever order it came', () => {
    fc.assert(
      fc.property(files, (some) => {
        const archive = writeArchive(some);
        expect(readArchive(archive)).toEqual(some.toSorted((a, b) => (a.path < b.path ? -1 : 1)));
        expect(writeArchive(some.toReversed())).toEqual(archive);
      }),
    );
  });

  it('is one that tar reads', () => {
    const archive = writeArchive([{ path: 'b/c.txt', bytes: utf8('hello\n') }, { path: 'a', bytes: new Uint8Array(513) }]);
    const listed = spawnSync('tar', ['-tvf', '-'], { input: archive, encoding: 'utf8', env: { ...process.env, TZ: 'UTC' } });
    expect(listed.stdout.split('\n').map((line) => line.replaceAll(/ +/g, ' '))).toEqual(['-rw-r--r-- 0/0 513 1970-01-01 00:00 a', '-rw-r--r-- 0/0 6 1970-01-01 00:00 b/c.txt', '']);
  });

  it('is not read when any byte of a header, of padding or of its end is another one', () => {
    const archive = writeArchive([{ path: 'a', bytes: utf8('hello') }, { path: 'b', bytes: new Uint8Array() }]);
    const content = (at: number) => at >= 512 && at < 517;
    for (let at = 0; at < archive.length; at++) {
      const changed = archive.with(at, (archive[at] ?? 0) ^ 1);
      if (content(at)) expect(readArchive(changed)).toHaveLength(2);
      // A path may become another path only if the header's sum says so too.
      else expect(() => readArchive(changed), `byte ${at}`).toThrow('not an archive');
    }
  });

  it('never throws anything else, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => void expect(() => readArchive(bytes)).toThrow('not an archive')));
  });

  it('has no paths that leave it, are too long, or are there twice', () => {
    const empty = new Uint8Array();
    for (const bad of ['', '/a', 'a/', 'a//b', '../a', 'a/./b', 'ä', 'a b', 'a'.repeat(101)]) expect(() => writeArchive([{ path: bad, bytes: empty }])).toThrow('path');
    expect(() => writeArchive([{ path: 'a', bytes: empty }, { path: 'a', bytes: empty }])).toThrow('twice');
  });
});

describe('compression', () => {
  it('gives back what was put in, here and by any gunzip', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (bytes) => {
        const packed = gzip(bytes);
        expect(await gunzip(packed, 5000)).toEqual(bytes);
        expect(new Uint8Array(gunzipSync(packed))).toEqual(bytes);
      }),
    );
  });

  it('is refused when any byte is another one, when something follows, and past the limit', async () => {
    const packed = gzip(utf8('hello hello hello '.repeat(20)));
    for (let at = 0; at < packed.length; at++) {
      const opened = await gunzip(packed.with(at, (packed[at] ?? 0) ^ 1), 1000).catch((error: unknown) => error);
      // A bit of padding behind the last code is no part of the data.
      if (opened instanceof Uint8Array) expect(Buffer.from(opened).toString()).toBe('hello hello hello '.repeat(20));
      else expect(opened).toMatchObject({ code: 'ERR_PACK_ARCHIVE' });
    }
    await expect(gunzip(Buffer.concat([packed, packed]), 1000)).rejects.toThrow('not a pack');
    await expect(gunzip(packed, 100)).rejects.toMatchObject({ code: 'ERR_PACK_TOO_LARGE' });
  });
});

describe('base64 in a file', () => {
  it('is decoded as Buffer does, and only in its one form', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void expect(decodeBase64(utf8(Buffer.from(bytes).toString('base64')))).toEqual(bytes)));
    for (const bad of ['A', 'AA', 'AAA', 'AB==', 'AAB=', 'A===', '====', 'AA=A', 'AA==AAAA', 'AAA\n', 'AA-_', ' AAA']) expect(decodeBase64(utf8(bad)), bad).toBeNull();
  });
});

describe('a table as CSV', () => {
  it('quotes what needs it, and no spreadsheet takes a text for a formula', () => {
    expect(csv(['a', 'b'], [['x,y', 1], ['say "hi"', null], ['=cmd()', -5]])).toBe('a,b\r\n"x,y",1\r\n"say ""hi""",\r\n\'=cmd(),-5\r\n');
  });
});
