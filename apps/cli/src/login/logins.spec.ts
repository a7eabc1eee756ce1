import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Logins, type Login } from './logins.ts';

const login = (change: Partial<Login> = {}): Login => ({ person: 'bob', issuer: 'https://idp.example', clientId: 'cli', scopes: ['openid'], audience: null, resource: null, kind: 'access', token: 't', refreshToken: null, expires: null, ca: null, ...change });
const here = new URL('https://one.example/');
const there = new URL('https://two.example/base/');

let root: string;
beforeEach(async () => void (root = await mkdtemp(join(tmpdir(), 'logins-'))));
afterEach(() => rm(root, { recursive: true }));

describe('logins', () => {
  it('are kept by the address of the API, in a file of their owner alone', async () => {
    const logins = new Logins({ XDG_CONFIG_HOME: root });
    expect(logins.of(here)).toBeNull();
    logins.keep(here, login());
    logins.keep(there, login({ person: 'alice' }));
    expect(logins.path).toBe(join(root, 'sallyport', 'logins.json'));
    expect((await stat(logins.path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(root, 'sallyport'))).mode & 0o777).toBe(0o700);
    expect(logins.of(new URL('https://one.example'))).toEqual(login());
    expect(logins.of(new URL('https://two.example/base'))?.person).toBe('alice');
    expect(logins.of(new URL('https://three.example'))).toBeNull();
    logins.forget(here);
    expect(logins.of(here)).toBeNull();
    expect(await readFile(logins.path, 'utf8')).not.toContain('bob');
    expect(logins.of(there)?.person).toBe('alice');
  });

  it('are where SALLYPORT_CONFIG says, else in the home directory', () => {
    expect(new Logins({ SALLYPORT_CONFIG: '/x/y', XDG_CONFIG_HOME: root }).path).toBe('/x/y/logins.json');
    expect(new Logins({ HOME: '/home/bob' }).path).toBe('/home/bob/.config/sallyport/logins.json');
  });

  it('are not used when others can read them, or when they are not understood', async () => {
    const logins = new Logins({ SALLYPORT_CONFIG: root });
    logins.keep(here, login());
    await chmod(logins.path, 0o640);
    expect(() => logins.of(here)).toThrow(/can be read by others/);
    await chmod(logins.path, 0o600);
    await writeFile(logins.path, '{"version":2}');
    expect(() => logins.of(here)).toThrow(/not understood/);
  });
});
