import { setTimeout as sleep } from 'node:timers/promises';
import { missingCrypto } from '@sallyport/protocol-ssh';
import { missingSshd } from '@sallyport/testing-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { events } from './support/ledger.ts';
import { startSshWorld, type SshWorld } from './support/ssh-world.ts';

const policies = {
  'box.cedar': `
@id("connect") permit (principal in Group::"jobs", action == Action::"connect", resource == Target::"box");
@id("session") permit (principal, action in [Action::"control", Action::"read"], resource in Target::"box") when { resource.kind == "session" };
@id("programs") permit (principal, action == Action::"execute", resource in Target::"box") when { ["echo", "sleep", "seq"].contains(resource.name) };
@id("shell") permit (principal, action == Action::"shell", resource in Target::"box");
`,
};

describe.skipIf(missingSshd !== null || missingCrypto !== null)('SSH when the gateway is killed', () => {
  let ssh: SshWorld;
  let who: readonly string[];
  beforeAll(async () => {
    ssh = await startSshWorld(policies);
    who = await ssh.certified('job', 'box');
  });
  afterAll(() => ssh?.[Symbol.asyncDispose]());
  const client = (...args: string[]) => ssh.run('ssh', [...who, '-p', String(ssh.port), ...args]);

  it('kill -9 in the middle of a shell: what was shown is in the ledger, the session is said to be abandoned, and the next one works', { timeout: 180_000 }, async () => {
    const shell = client('-tt', '127.0.0.1');
    const talking = ssh.run('ssh', [...who, '-p', String(ssh.port), '127.0.0.1', Array.from({ length: 40 }, (_, i) => `echo shown-${i}; sleep 0.2`).join('; ')]);
    await sleep(3000);
    const { gateway } = ssh.world.stack.services;
    await gateway.stop('SIGKILL');
    const { code, out } = await talking;
    await shell;
    expect(code).toBe(255);
    const shown = out.trim().split('\n').filter((line) => line.startsWith('shown-'));
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.length).toBeLessThan(40);
    gateway.start();
    await gateway.ready();
    await expect.poll(async () => (await events(ssh.world)).filter(({ type }) => type === 'session.abandoned').length, { timeout: 90_000, interval: 1000 }).toBe(2);
    const opened = (await events(ssh.world)).filter(({ type }) => type === 'session.opened').map(({ sid }) => sid);
    const replays = await Promise.all(opened.map((sid) => ssh.world.cli('carl', 'sessions', 'replay', sid, '--play', '--speed', '1000')));
    const replayed = replays.map(({ out: text }) => text).join('\n');
    // Everything that the client has seen is in the ledger; the recording says that its end was never written.
    for (const line of shown) expect(replayed).toContain(line);
    expect(replayed).toContain('not whole');
    expect(await client('127.0.0.1', 'echo again')).toMatchObject({ code: 0, out: 'again\n' });
    expect(await ssh.world.cli('carl', 'evidence', 'verify')).toMatchObject({ code: 0 });
  });

  it('an operator ends a session: the client is told, and its command is gone', async () => {
    const answer = client('127.0.0.1', 'sleep 60');
    let session = '';
    await expect.poll(async () => {
      const { out } = await ssh.world.cli('oscar', 'sessions', 'list', '--open', '-o', 'json');
      const list: { sessions: { id: string }[] } = JSON.parse(out);
      session = list.sessions[0]?.id ?? '';
      return session;
    }, { timeout: 20_000 }).not.toBe('');
    expect(await ssh.world.cli('oscar', 'sessions', 'kill', session, '--reason', 'enough')).toMatchObject({ code: 0 });
    const { code, err } = await answer;
    expect(code).toBe(255);
    expect(err).toContain('ended by oscar: enough');
  });
});
