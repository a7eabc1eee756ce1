import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { id, type SessionId } from '@sallyport/domain-model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileSecrets } from './file-secrets.ts';

const why = { session: id<SessionId>('s'), target: 'ledger-db' };
const signal = new AbortController().signal;
let directory: string;
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sallyport-secrets-'));
  directory = join(root, 'secrets');
  await mkdir(directory);
});
afterEach(() => rm(root, { recursive: true }));

const put = async (name: string, text: string, mode = 0o600) => {
  await writeFile(join(directory, name), text, { mode });
  await chmod(join(directory, name), mode);
};
const credential = (password: string) => JSON.stringify({ username: 'app', password });
const lease = (reference: string) => new FileSecrets(directory).lease(reference, why, signal);
const read = async (reference: string) => {
  await using held = await lease(reference);
  return held.use(({ username, secret }) => `${username}:${Buffer.from(secret).toString()}`);
};

describe('FileSecrets', () => {
  it('leases the credential of a file, with or without .json', async () => {
    await put('ledger-db', credential('pä:ss'));
    await put('other.json', credential('x'), 0o640);
    expect(await read('ledger-db')).toBe('app:pä:ss');
    expect(await read('other')).toBe('app:x');
    expect(await read('other.json')).toBe('app:x');
  });

  it('reads anew for each lease, so a replaced file is a rotated credential', async () => {
    await put('db', credential('old'));
    expect(await read('db')).toBe('app:old');
    await put('next', credential('new'));
    await rename(join(directory, 'next'), join(directory, 'db'));
    expect(await read('db')).toBe('app:new');
  });

  it('wipes the bytes when the lease ends, and gives nothing afterwards', async () => {
    await put('db', credential('hunter2'));
    const held = await lease('db');
    const bytes = held.use(({ secret }) => secret);
    expect(Buffer.from(bytes).toString()).toBe('hunter2');
    await held[Symbol.asyncDispose]();
    expect([...bytes]).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(() => held.use(() => null)).toThrow(expect.objectContaining({ code: 'ERR_SECRET_DISPOSED' }));
  });

  it.each(['../secrets/db', '..', '.', '', '/etc/passwd', 'a/b', 'a\0b', 'a\\b', '.hidden', 'x'.repeat(200)])('refuses the reference %j', async (reference) => {
    await put('db', credential('x'));
    await expect(lease(reference)).rejects.toMatchObject({ code: 'ERR_SECRET_REFERENCE' });
  });

  it.each([0o604, 0o602, 0o666, 0o644, 0o601])('refuses a file of mode %o', async (mode) => {
    await put('db', credential('x'), mode);
    await expect(lease('db')).rejects.toMatchObject({ code: 'ERR_SECRET_UNSAFE' });
  });

  it('follows links within its directory and refuses those out of it, directories and pipes', async () => {
    await mkdir(join(directory, '..data'));
    await put('..data/db', credential('mounted'));
    await symlink('..data/db', join(directory, 'db'));
    expect(await read('db')).toBe('app:mounted');
    await writeFile(join(root, 'outside'), credential('x'), { mode: 0o600 });
    await symlink(join(root, 'outside'), join(directory, 'out'));
    await mkdir(join(directory, 'folder'));
    execFileSync('mkfifo', ['-m', '600', join(directory, 'pipe')]);
    for (const reference of ['out', 'folder', 'pipe']) await expect(lease(reference), reference).rejects.toMatchObject({ code: 'ERR_SECRET_UNSAFE' });
  });

  it.each(['', '{', '[]', 'null', '"app:hunter2"', '{"username":"app"}', '{"username":"","password":"hunter2"}', '{"username":"app","password":""}', '{"username":1,"password":"hunter2"}', '{"username":"app","password":"hunter2"} hunter2'])(
    'refuses the content %j, and shows nothing of it',
    async (content) => {
      await put('db', content);
      const error: unknown = await lease('db').catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'ERR_SECRET_MALFORMED' });
      expect(error).not.toHaveProperty('cause');
      expect(String(error)).not.toContain('hunter2');
    },
  );

  it('refuses what is too large, what is not there and what was given up', async () => {
    await put('big', credential('x'.repeat(70_000)));
    await expect(lease('big')).rejects.toMatchObject({ code: 'ERR_SECRET_MALFORMED' });
    await expect(lease('none')).rejects.toMatchObject({ code: 'ERR_SECRET_NOT_FOUND' });
    await put('db', credential('x'));
    await expect(new FileSecrets(directory).lease('db', why, AbortSignal.abort())).rejects.toThrow();
    await expect(new FileSecrets(join(root, 'nowhere')).lease('db', why, signal)).rejects.toMatchObject({ code: 'ERR_SECRET_NOT_FOUND' });
  });
});
