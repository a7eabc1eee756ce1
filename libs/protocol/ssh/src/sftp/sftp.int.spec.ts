import { createHash } from 'node:crypto';
import { readFileSync, symlinkSync, writeFileSync, mkdirSync, chownSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { allow, deny } from '@sallyport/testing-kit';
import { missingSshd } from '@sallyport/testing-servers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../testing/world.ts';

describe.skipIf(missingSshd !== null)('files by OpenSSH’s own clients at a real sshd', () => {
  let world: World;
  let there: string;
  beforeAll(async () => {
    world = await startWorld();
    there = world.sshd.files;
  });
  afterAll(() => world[Symbol.asyncDispose]());
  beforeEach(() => {
    world.ports.decide = () => allow();
    world.ports.recorded.length = 0;
  });
  const port = () => ['-P', String(world.door.port)];
  const sftp = (...lines: string[]) => world.run('sftp', [...world.options, ...port(), '-b', '-', '127.0.0.1'], { input: `${lines.join('\n')}\n`, env: { SSH_ASKPASS_REQUIRE: 'force' } });
  const decided = () => world.ports.recorded.flatMap((one) => (one.what === 'decided' ? [{ text: one.text, effects: one.data['effects'], decision: one.decision }] : []));
  const passed = () => world.ports.recorded.flatMap((one) => (one.what === 'content.passed' ? [one.data] : []));
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const local = (name: string) => join(world.path, name);

  it('a file goes there and back, as one command each, with its hash', async () => {
    const bytes = Buffer.alloc(3_000_000, 'content ');
    writeFileSync(local('a'), bytes);
    const { code, err } = await sftp(`put ${local('a')} ${there}/a`, `get ${there}/a ${local('b')}`);
    expect([code, err]).toEqual([0, '']);
    expect(readFileSync(local('b')).equals(bytes)).toBe(true);
    const opens = decided().filter(({ text }) => text.startsWith('sftp open'));
    expect(opens).toMatchObject([{ effects: [`write file:${there}/a`] }, { effects: [`read file:${there}/a`] }]);
    expect(passed()).toMatchObject([
      { direction: 'write', bytes: bytes.length, sha256: sha256(bytes), from: 0, to: bytes.length },
      { direction: 'read', bytes: bytes.length, sha256: sha256(bytes), from: 0, to: bytes.length },
    ]);
  });

  it('directories, names, links, rights and removal are commands of their own', async () => {
    const { code, err } = await sftp(`mkdir ${there}/d`, `put ${local('a')} ${there}/d/x`, `rename ${there}/d/x ${there}/d/y`, `chmod 600 ${there}/d/y`, `symlink ${there}/d/y ${there}/d/l`, `ls -l ${there}/d`, `rm ${there}/d/l`, `rm ${there}/d/y`, `rmdir ${there}/d`);
    expect([code, err]).toEqual([0, '']);
    const changes = decided().filter(({ effects }) => Array.isArray(effects) && effects.some((one) => String(one).startsWith('write'))).map(({ text }) => text.split(' ').slice(0, 2).join(' '));
    expect(changes).toEqual(['sftp mkdir', 'sftp open', 'sftp rename', 'sftp setstat', 'sftp symlink', 'sftp remove', 'sftp remove', 'sftp rmdir']);
    expect(existsSync(`${there}/d`)).toBe(false);
  });

  it('a path is what it leads to, not what it is called', async () => {
    mkdirSync(join(there, 'inside'));
    if (world.sshd.uid !== undefined) chownSync(join(there, 'inside'), world.sshd.uid, world.sshd.uid);
    symlinkSync('/etc', join(there, 'inside', 'innocent'));
    world.ports.decide = (means) => (means.effects.every(({ resource }) => resource.name.startsWith(`${there}/`) || resource.name === world.sshd.home) ? allow() : deny('outside of its directory'));
    for (const path of [`${there}/inside/innocent/passwd`, `${there}/inside/../../../../etc/passwd`, '/etc/passwd', `${there}/./inside/innocent/../passwd`]) {
      const { code, err } = await sftp(`get ${path} ${local('stolen')}`);
      expect(code, path).not.toBe(0);
      expect(err, path).toMatch(/sallyport: refused \(denied\)/);
    }
    expect(existsSync(local('stolen'))).toBe(false);
  });

  it('a refused request says why, and the session goes on', async () => {
    world.ports.decide = (means) => (means.facts.kind === 'sftp remove' ? deny('nothing is removed here') : allow());
    const { code, err } = await sftp(`put ${local('a')} ${there}/keep`, `-rm ${there}/keep`, `ls ${there}`);
    expect(code).toBe(0);
    expect(err).toContain('nothing is removed here');
    expect(readFileSync(`${there}/keep`).length).toBe(3_000_000);
  });

  it.each([['new', []], ['old', ['-O']]] as const)('scp, the %s protocol, both ways', async (_name, flags) => {
    const options = [...world.options, ...port(), ...flags];
    const there1 = `127.0.0.1:${there}/by-scp`;
    expect(await world.run('scp', [...options, local('a'), there1])).toMatchObject({ code: 0 });
    expect(await world.run('scp', [...options, there1, local('c')])).toMatchObject({ code: 0 });
    expect(readFileSync(local('c')).equals(readFileSync(local('a')))).toBe(true);
  });

  it('rsync, both ways', async () => {
    mkdirSync(local('tree/sub'), { recursive: true });
    writeFileSync(local('tree/sub/f'), 'one');
    const shell = ['ssh', ...world.options, '-p', String(world.door.port)].join(' ');
    expect(await world.run('rsync', ['-a', '-e', shell, `${local('tree')}/`, `127.0.0.1:${there}/tree/`])).toMatchObject({ code: 0 });
    expect(await world.run('rsync', ['-a', '-e', shell, `127.0.0.1:${there}/tree/`, `${local('back')}/`])).toMatchObject({ code: 0 });
    expect(readFileSync(local('back/sub/f'), 'utf8')).toBe('one');
    expect(decided().map(({ text }) => text.split(' ').slice(0, 2).join(' '))).toEqual(['rsync --server', 'rsync --server']);
  });

  it('git clones and pushes', async () => {
    const env = { GIT_SSH_COMMAND: ['ssh', ...world.options, '-p', String(world.door.port)].join(' '), GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@b.c', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@b.c' };
    expect(await world.ssh([`git init -q --bare ${there}/repo.git`])).toMatchObject({ code: 0 });
    const git = (cwd: string, ...args: string[]) => world.run('git', args, { env, cwd });
    expect(await git(world.path, 'clone', '-q', `127.0.0.1:${there}/repo.git`, 'work')).toMatchObject({ code: 0 });
    writeFileSync(local('work/file'), 'x');
    expect(await git(local('work'), 'add', '.')).toMatchObject({ code: 0 });
    expect(await git(local('work'), 'commit', '-qm', 'first')).toMatchObject({ code: 0 });
    expect(await git(local('work'), 'push', '-q', 'origin', 'HEAD:main')).toMatchObject({ code: 0 });
    expect(await git(world.path, 'clone', '-q', '-b', 'main', `127.0.0.1:${there}/repo.git`, 'again')).toMatchObject({ code: 0 });
    expect(readFileSync(local('again/file'), 'utf8')).toBe('x');
  });
});
