import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { approvalChanged, approvalsAsk, approvalsConsume, approvalsList, approvalsShow, approvalsSpend, approvalsVote, approvalsWithdraw, subjects, type Reply } from '@sallyport/platform-bus';
import { eventually } from './testing/eventually.ts';
import { house, person, putMachine, type House } from './testing/house.ts';

let h: House;
const changed: z.output<typeof approvalChanged>[] = [];
beforeAll(async () => {
  h = await house();
  h.identity.subscribe(subjects.approvalChanged, approvalChanged, (one) => void changed.push(one));
  await h.identity.nc.flush();
});
afterAll(() => h[Symbol.asyncDispose]());

type Asking = z.input<(typeof approvalsAsk)['request']>;
const access = (change: Partial<Asking> = {}): Asking => ({
  subject: { kind: 'access', id: randomUUID() }, requester: 'machine:ci-deploy', owner: 'olga', machine: 'ci-deploy', target: 'ledger-db', environment: 'production', source: '10.0.0.7',
  text: 'ci-deploy wants migrator@ledger-db for 3600 s because Zebulon said so', shape: 'access to migrator@ledger-db for 1 h', rules: ['ddl-window'], say: 'access for changes of structure needs a second person',
  binding: 'a'.repeat(64), quorum: [{ group: 'dba', count: 1 }], expiresIn: 3600, ...change,
});
const value = <T>(reply: Reply<T>): T => {
  if (!reply.ok) throw new Error(`${reply.error.code}: ${reply.error.say}`);
  return reply.value;
};
const code = (reply: Reply<unknown>) => (reply.ok ? 'ok' : reply.error.code);
const ask = async (asked: Asking) => value(await h.identity.call(approvalsAsk, asked)).approval;
const vote = (approval: string, name: string, what: 'approve' | 'reject' = 'approve') => h.console.call(approvalsVote, { by: person(name), approval, vote: what, comment: null });
const spend = (approval: string, { subject, binding }: Asking) => h.identity.call(approvalsSpend, { approval, subject, binding });
const shown = async (approval: string) => value(await h.console.call(approvalsShow, { by: person('alice'), approval }));

describe('leave for what is no command', () => {
  it('is asked for, given, told, and spent once; each step is evidence', async () => {
    const asked = access();
    const approval = await ask(asked);
    expect(await shown(approval)).toMatchObject({ state: 'pending', subject: asked.subject, requester: 'machine:ci-deploy', machine: 'ci-deploy', session: null, command: null, text: asked.text });
    const before = Date.now();
    value(await vote(approval, 'alice'));
    const spent = value(await spend(approval, asked));
    expect(spent.by).toEqual(['alice']);
    expect(Math.abs(Date.parse(spent.at) - before)).toBeLessThan(10_000);
    expect(code(await spend(approval, asked))).toBe('spent');
    await eventually(() => expect(changed.filter((one) => one.approval === approval)).toMatchObject([{ state: 'approved', session: null, subject: asked.subject }, { state: 'consumed', subject: asked.subject }]));
    expect(await h.evidence(approval)).toEqual(['approval.requested', 'approval.voted', 'approval.granted', 'approval.consumed', 'approval.refused']);
  });

  it('by a person who asks for herself is not given by herself, nor by the owner', async () => {
    const asked = access({ requester: 'person:alice', machine: null, owner: 'bob', target: null, environment: null, subject: { kind: 'change', id: randomUUID() } });
    expect(code(await h.identity.call(approvalsAsk, { ...asked, quorum: [{ group: 'dba', count: 2 }] }))).toBe('unanswerable');
    const approval = await ask(asked);
    expect(code(await vote(approval, 'alice'))).toBe('self-approval');
    expect(code(await vote(approval, 'bob'))).toBe('self-approval');
    value(await vote(approval, 'olga'));
    expect(value(await spend(approval, asked)).by).toEqual(['olga']);
  });

  it('asked for by a machine is not given by who owns it now, whatever the asking service says', async () => {
    await putMachine(h.identity, 'moved', { owner: 'bob' });
    const asked = access({ requester: 'machine:moved', machine: 'moved', owner: null });
    await eventually(async () => expect(code(await h.identity.call(approvalsAsk, asked))).toBe('ok'));
    const approval = await ask(asked);
    expect(code(await vote(approval, 'bob'))).toBe('self-approval');
    await putMachine(h.identity, 'moved', { owner: 'alice' });
    await eventually(async () => expect(code(await vote(approval, 'alice'))).toBe('self-approval'));
  });

  it('asked for again is the same; asked for with other content is another, and the earlier can be given and spent no more', async () => {
    const asked = access();
    const [first, again] = [await ask(asked), await ask(asked)];
    expect(again).toBe(first);
    value(await vote(first, 'alice'));
    const other = { ...asked, binding: 'e'.repeat(64) };
    const second = await ask(other);
    expect(second).not.toBe(first);
    expect(code(await spend(first, asked))).toBe('not-approved');
    expect((await shown(first)).state).toBe('withdrawn');
    await eventually(() => expect(changed.filter((one) => one.approval === first).map(({ state }) => state)).toEqual(['approved', 'withdrawn']));
    value(await vote(second, 'alice'));
    expect(code(await spend(second, asked))).toBe('mismatch');
    expect(code(await spend(second, other))).toBe('ok');
    expect(await ask(other)).toBe(second);
  });

  it('asked for many times at once is one, and with many contents at once leaves one alive', async () => {
    const asked = access();
    expect(new Set(await Promise.all(Array.from({ length: 20 }, () => ask(asked)))).size).toBe(1);
    const subject = { kind: 'change', id: randomUUID() } as const;
    const ids = await Promise.all(Array.from({ length: 10 }, (_, at) => ask(access({ subject, binding: String(at).repeat(64) }))));
    const states = await Promise.all(ids.map(async (one) => (await shown(one)).state));
    expect(states.filter((one) => one === 'pending')).toHaveLength(1);
    expect(states.filter((one) => one === 'withdrawn')).toHaveLength(9);
  });

  it('is spent by one of many who try at once', async () => {
    const asked = access();
    const approval = await ask(asked);
    value(await vote(approval, 'alice'));
    const codes = (await Promise.all(Array.from({ length: 20 }, () => spend(approval, asked)))).map(code);
    expect(codes.filter((one) => one === 'ok')).toHaveLength(1);
    expect(codes.filter((one) => one === 'spent')).toHaveLength(19);
  });

  it('is not spent by a command, and the asking service can take it back', async () => {
    const asked = access();
    const approval = await ask(asked);
    value(await vote(approval, 'alice'));
    expect(code(await h.gateway.call(approvalsConsume, { approval, session: '', command: '', binding: asked.binding }))).toBe('mismatch');
    value(await h.identity.call(approvalsWithdraw, { approval, why: 'the request ended' }));
    expect(code(await spend(approval, asked))).toBe('not-approved');
  });

  it('is shown to services without its text, and listed by kind', async () => {
    const asked = access({ subject: { kind: 'change', id: randomUUID() } });
    const approval = await ask(asked);
    expect(value(await h.identity.call(approvalsShow, { by: null, approval }))).toMatchObject({ state: 'pending', subject: asked.subject, text: null });
    const listed = async (kind: 'command' | 'change') => value(await h.console.call(approvalsList, { by: person('alice'), state: null, kind, limit: 1000 })).approvals;
    expect((await listed('change')).map(({ id }) => id)).toContain(approval);
    expect((await listed('command')).map(({ id }) => id)).not.toContain(approval);
    expect(JSON.stringify(await listed('change'))).not.toContain('Zebulon');
  });
});

describe('a machine that is not active', () => {
  it.each(['attention', 'suspended', 'retired', 'draft'])('gets no new leave while it is in state %s', async (state) => {
    await putMachine(h.identity, state, { state });
    const asked = access({ requester: `machine:${state}`, machine: state });
    await eventually(async () => {
      const reply = await h.identity.call(approvalsAsk, asked);
      expect(reply).toMatchObject({ ok: false, error: { code: 'machine-not-active', say: `the machine ${state} is in state ${state}: it gets no new approvals` } });
    });
  });

  it('that nobody knows gets none', async () => {
    expect(code(await h.identity.call(approvalsAsk, access({ requester: 'machine:nobody', machine: 'nobody' })))).toBe('machine-not-active');
  });

  it('can be asked for by a person who takes it over', async () => {
    await putMachine(h.identity, 'orphan', { state: 'suspended', owner: 'gone' });
    const asked = access({ requester: 'person:bob', machine: 'orphan', owner: 'bob' });
    const approval = await ask(asked);
    expect(code(await vote(approval, 'bob'))).toBe('self-approval');
    value(await vote(approval, 'alice'));
    expect(code(await spend(approval, asked))).toBe('ok');
  });
});
