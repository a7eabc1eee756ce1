import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingCrypto } from '@sallyport/protocol-ssh';
import { missingSshd } from '@sallyport/testing-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './support/ledger.ts';
import { startSshWorld, type SshWorld } from './support/ssh-world.ts';

const policies = (files: string) => ({
  'box.cedar': `
@id("box-connect") @reason("jobs may connect")
permit (principal in Group::"jobs", action == Action::"connect", resource == Target::"box");
@id("box-session") permit (principal, action in [Action::"control", Action::"read"], resource in Target::"box") when { resource.kind == "session" };
@id("box-programs") @reason("what is known may run")
permit (principal, action == Action::"execute", resource in Target::"box")
when { resource.kind == "program" && ["echo", "cat", "sh", "printf", "sleep", "rsync", "scp", "git", "git-upload-pack", "git-receive-pack", "hostname"].contains(resource.name) };
@id("box-files") @reason("files of its own directory")
permit (principal, action in [Action::"read", Action::"write"], resource in Target::"box")
when { resource.kind == "file" && (resource.name like "${files}/*" || resource.name == "${files}" || context.kind == "sftp realpath") };
@id("box-restart") @reason("a restart needs the word of an owner") @approvers("owners") @expires("5m")
permit (principal, action in [Action::"execute", Action::"control"], resource in Target::"box")
when { context.approval && (resource.name == "touch" || resource.name == "hostname") };
@id("box-touch") @reason("writing by touch needs the word of an owner") @approvers("owners") @expires("5m")
forbid (principal, action == Action::"execute", resource in Target::"box")
when { resource.name == "hostname" && !context.approval };
@id("box-shell") @reason("shells are recorded")
permit (principal, action == Action::"shell", resource in Target::"box");
`,
});

describe.skipIf(missingSshd !== null || missingCrypto !== null)('SSH, from a token to the ledger', () => {
  let ssh: SshWorld;
  let who: readonly string[];
  beforeAll(async () => {
    ssh = await startSshWorld({});
    await ssh.world.apply([], policies(ssh.sshd.files));
    who = await ssh.certified('job', 'box');
  });
  afterAll(() => ssh?.[Symbol.asyncDispose]());
  const client = (...args: string[]) => ssh.run('ssh', [...who, '-p', String(ssh.port), '127.0.0.1', ...args]);
  const session = async () => (await eventually(ssh.world, (found) => found.some(({ type }) => type === 'session.opened'))).filter(({ type }) => type === 'session.opened').at(-1)?.sid ?? '';

  it('a machine’s certificate, one @cert-authority line, and a command', async () => {
    expect(await client('echo hello')).toEqual({ code: 0, out: 'hello\n', err: '' });
    const told = await eventually(ssh.world, (found) => found.some(({ type }) => type === 'session.closed'), await session());
    expect(told.map(({ type }) => type)).toEqual(['session.opened', 'command.decided', 'recording.started', 'recording.segment', 'recording.ended', 'command.settled', 'session.closed']);
    expect(told[0]).toMatchObject({ who: { id: 'machine:job' }, d: { protocol: 'ssh' } });
  });

  it('what policy does not permit is refused with status 126, a line for scripts, and the rule’s reason', async () => {
    const { code, out, err } = await client('rm -rf /');
    expect([code, out]).toEqual([126, '']);
    expect(err).toMatch(/^sallyport: refused \(denied\) request [0-9a-f-]{36}\n/);
  });

  it('a certificate of another machine, or for another target, is refused at the door, with words', async () => {
    const stranger = await ssh.certified('other', 'box').catch((error: unknown) => String(error));
    if (typeof stranger !== 'string') {
      const { code, err } = await ssh.run('ssh', [...stranger, '-p', String(ssh.port), '127.0.0.1', 'echo no']);
      expect(code).toBe(255);
      expect(err).toMatch(/sallyport: refused/);
    }
    const { code } = await ssh.run('ssh', ['-o', 'User=elsewhere', ...who, '-p', String(ssh.port), '127.0.0.1', 'echo no']);
    expect(code).toBe(255);
  });

  it('a held command waits with a word on stderr and runs when an owner has agreed', async () => {
    const answer = client('hostname');
    let id = '';
    await expect.poll(async () => {
      const { out } = await ssh.world.cli('bob', 'approvals', 'list', '--state', 'pending', '-o', 'json');
      const list: { approvals?: { id: string }[] } | { id: string }[] = JSON.parse(out);
      id = (Array.isArray(list) ? list : (list.approvals ?? []))[0]?.id ?? '';
      return id;
    }, { timeout: 15_000 }).not.toBe('');
    expect(await ssh.world.cli('bob', 'approvals', 'approve', id)).toMatchObject({ code: 0 });
    const { code, err } = await answer;
    expect(err).toContain(`sallyport: waiting for approval ${id}`);
    expect(code).toBe(0);
  });

  it('files go both ways, by sftp, by both protocols of scp, and by rsync', async () => {
    const file = join(ssh.path, 'file');
    const bytes = 'a line of text\n'.repeat(50_000);
    writeFileSync(file, bytes);
    const { files } = ssh.sshd;
    const port = ['-P', String(ssh.port)];
    const back = (name: string) => readFileSync(join(ssh.path, name), 'utf8');
    expect(await ssh.run('sftp', [...who, ...port, '-b', '-', '127.0.0.1'], { input: `put ${file} ${files}/one\nget ${files}/one ${file}.1\n` })).toMatchObject({ code: 0 });
    expect(back('file.1')).toBe(bytes);
    for (const [at, flag] of [['2', '-s'], ['3', '-O']] as const) {
      expect(await ssh.run('scp', [...who, ...port, flag, file, `127.0.0.1:${files}/scp${at}`])).toMatchObject({ code: 0 });
      expect(await ssh.run('scp', [...who, ...port, flag, `127.0.0.1:${files}/scp${at}`, `${file}.${at}`])).toMatchObject({ code: 0 });
      expect(back(`file.${at}`)).toBe(bytes);
    }
    const shell = ['ssh', ...who, '-p', String(ssh.port)].join(' ');
    expect(await ssh.run('rsync', ['-e', shell, file, `127.0.0.1:${files}/rsynced`])).toMatchObject({ code: 0 });
    expect(await ssh.run('rsync', ['-e', shell, `127.0.0.1:${files}/rsynced`, `${file}.4`])).toMatchObject({ code: 0 });
    expect(back('file.4')).toBe(bytes);
    const outside = await ssh.run('sftp', [...who, ...port, '-b', '-', '127.0.0.1'], { input: `get /etc/passwd ${file}.5\n` });
    expect(outside.code).not.toBe(0);
    expect(outside.err).toContain('sallyport: refused (denied)');
  });

  it('an interactive shell is recorded, and its recording replays as it was shown', async () => {
    const { code, err } = await ssh.run('ssh', [...who, '-tt', '-p', String(ssh.port), '127.0.0.1'], { input: 'echo seen-$((40+2))\nexit 3\n' });
    expect([code, err]).toEqual([3, '']);
    const sid = await session();
    const told = await eventually(ssh.world, (found) => found.some(({ type }) => type === 'session.closed'), sid);
    expect(told.find(({ type }) => type === 'command.decided')?.d).toMatchObject({ verb: 'shell', shape: 'interactive shell: seen, not decided line by line', decision: 'allow' });
    expect(told.find(({ type }) => type === 'recording.ended')?.d).toMatchObject({ whole: true });
    const played = await ssh.world.cli('carl', 'sessions', 'replay', sid, '--play', '--speed', '100');
    expect(played).toMatchObject({ code: 0 });
    expect(played.out).toContain('seen-42');
    const cast = await ssh.world.cli('carl', 'sessions', 'replay', sid, '--cast', 'v2');
    expect(JSON.parse(cast.out.split('\n')[0] ?? '')).toMatchObject({ version: 2 });
    expect((await ssh.world.cli('carl', 'sessions', 'replay', sid, '--search', 'SEEN-42')).out).toContain('seen-42');
    expect(await ssh.world.cli('oscar', 'sessions', 'replay', sid, '--play')).toMatchObject({ code: 10 });
  });

  it('the ledger verifies, recordings and all', async () => {
    expect(await ssh.world.cli('carl', 'evidence', 'verify')).toMatchObject({ code: 0 });
  });
});
