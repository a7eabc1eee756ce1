import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileKeyRing, ringId, type RingKey } from './key-ring.ts';

let directory: string;
let ring: FileKeyRing;
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'sallyport-ring-')), 'keys');
  ring = await FileKeyRing.open(directory);
});
afterEach(() => rm(join(directory, '..'), { recursive: true }));

const key = (day: string, kind: RingKey['kind'] = 'x25519'): RingKey => ({ id: ringId('standard', day), class: 'standard', day, kind });

describe('a key ring in a directory', () => {
  it('keeps keys that only its owner can read, and gives them again by their names', async () => {
    const [one, two] = [key('2026-11-23'), key('2026-11-22', 'aes256')];
    await ring.add(one, Buffer.from('one'));
    await ring.add(two, Buffer.from('two'));
    expect(await (await FileKeyRing.open(directory)).list()).toEqual([two, one]);
    expect(ring.read(one.id, 'x25519')?.toString()).toBe('one');
    for (const name of await readdir(directory)) expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
  });

  it('has a destroyed key no more, and destroys it twice without harm', async () => {
    const one = key('2026-11-23');
    await ring.add(one, Buffer.from('one'));
    await ring.destroy(one.id);
    await ring.destroy(one.id);
    expect(await ring.list()).toEqual([]);
    expect(ring.read(one.id, 'x25519')).toBeNull();
    expect(await readdir(directory)).toEqual([]);
  });

  it('passes over what is no key, a half-written one too, and never leaves its directory', async () => {
    await writeFile(join(directory, 'standard_2026-11-23_0011223344556677.x25519.new'), 'half');
    await writeFile(join(directory, 'notes.txt'), 'x');
    expect(await ring.list()).toEqual([]);
    for (const id of ['../../etc/passwd', 'notes.txt', '']) expect(ring.read(id, 'x25519')).toBeNull();
    await expect(ring.add({ id: '../x/2026-11-23/0011223344556677', class: '../x', day: '2026-11-23', kind: 'x25519' }, Buffer.from('x'))).rejects.toThrow('no proper name');
  });

  it('is not opened where others may look', async () => {
    await chmod(directory, 0o755);
    await expect(FileKeyRing.open(directory)).rejects.toThrow('chmod 700');
  });
});
