import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { approvalsAsk, approvalsConsume, approvalsList, approvalsManifest, approvalsOpen, approvalsShow, approvalsSpend, approvalsVote, approvalsWithdraw, statementHash, type Reply, type StatementTerms } from '@sallyport/platform-bus';
import { eventually } from './testing/eventually.ts';
import { house, person, putMachine, request, type House } from './testing/house.ts';

let h: House;
const usual = { slice: 'c'.repeat(64), effects: ['write ledger.accounts'] };
beforeAll(async () => void (h = await house()));
afterAll(() => h[Symbol.asyncDispose]());
beforeEach(() => void Object.assign(h.policy, usual));

type Asking = z.input<(typeof approvalsManifest)['request']>;
type Statement = Asking['manifest']['statements'][number];
const manifest = (statements: Statement[], change: Partial<Asking['manifest']> = {}, requester = 'machine:ci-deploy'): Asking => ({
  requester, machine: 'ci-deploy', source: '10.0.0.7', manifest: { target: 'ledger-db', reason: 'the close of the month', statements, ...change },
});
const value = <T>(reply: Reply<T>): T => {
  if (!reply.ok) throw new Error(`${reply.error.code}: ${reply.error.say}`);
  return reply.value;
};
const code = (reply: Reply<unknown>) => (reply.ok ? 'ok' : reply.error.code);
const ask = async (asked: Asking) => value(await h.identity.call(approvalsManifest, asked));
const vote = (approval: string, name = 'alice', what: 'approve' | 'reject' = 'approve') => h.console.call(approvalsVote, { by: person(name), approval, vote: what, comment: null });
const shown = async (approval: string) => value(await h.console.call(approvalsShow, { by: person('alice'), approval }));

/** Asks with a text of its own, so that tests do not meet each other's manifests. */
async function approved(times = 1, change: Partial<Asking['manifest']> = {}) {
  const text = `update ledger.accounts set note = '${randomUUID()}'`;
  const { approval } = await ask(manifest([{ text, times }], change));
  if (approval === null) throw new Error('nothing was asked');
  value(await vote(approval));
  return { approval, text };
}

/** What a gateway does with a held command: opens, and where it is covered spends a run. */
function command(text: string, change: Partial<StatementTerms> = {}) {
  const held = request({ text });
  const statement = statementHash({ machine: 'ci-deploy', target: 'ledger-db', role: null, slice: usual.slice, text, parameters: [], effects: usual.effects, ...change });
  const open = () => h.gateway.call(approvalsOpen, { ...held, statement });
  const consume = (approval: string) => h.gateway.call(approvalsConsume, { approval, session: held.session, command: held.command, binding: held.binding, statement });
  return { held, open, consume };
}

describe('a manifest of statements', () => {
  it('is approved once, and each statement runs as often as it says, in any session; each run is evidence', async () => {
    const { approval, text } = await approved(2);
    for (const _run of [1, 2]) {
      const one = command(`  ${text};`);
      expect(value(await one.open())).toMatchObject({ approval, covered: true });
      expect(value(await one.consume(approval)).by).toEqual(['alice']);
    }
    const third = command(text);
    const asked = value(await third.open());
    expect(asked.covered).toBe(false);
    expect(asked.approval).not.toBe(approval);
    expect(code(await third.consume(approval))).toBe('spent');
    expect((await shown(approval)).state).toBe('consumed');
    await eventually(() => expect(h.told.get(approval)).toEqual(['approved', 'consumed']));
    expect(await h.evidence(approval)).toEqual(['approval.requested', 'approval.manifest', 'approval.voted', 'approval.granted', 'approval.consumed', 'approval.consumed', 'approval.refused']);
  });

  it('is shown with every statement, its values, and how often each ran', async () => {
    const { approval } = await ask(manifest([{ text: "update ledger.accounts set owner = $1 where owner = 'Zebulon'", parameters: ['Quux', null], times: 3 }, { text: 'select 1' }]));
    const one = await shown(approval ?? '');
    expect(one).toMatchObject({
      subject: { kind: 'manifest' }, requester: 'machine:ci-deploy', machine: 'ci-deploy', owner: 'olga', target: 'ledger-db', environment: 'production', shape: '2 statements of ci-deploy on ledger-db, 3 runs to approve',
      manifest: { role: null, statements: [{ place: 1, decision: 'hold', times: 3, used: 0 }, { place: 2, decision: 'allow', times: 1, used: 0 }] },
    });
    expect(one.text).toContain("$1 = 'Quux'");
    expect(one.text).toContain('$2 = NULL');
    const listed = value(await h.console.call(approvalsList, { by: person('alice'), state: null, kind: 'manifest', limit: 1000 }));
    expect(listed.approvals.map(({ id }) => id)).toContain(approval);
    for (const table of ['manifest', 'manifest_statement', 'manifest_use', 'approval_event', 'outbox']) expect(JSON.stringify(await h.sql(`select ${table}::text as row from approvals.${table} as ${table}`))).not.toMatch(/Zebulon|Quux/);
  });

  it('covers with twenty sessions at once exactly as many runs as it says', async () => {
    const { approval, text } = await approved(7);
    const answers = await Promise.all(Array.from({ length: 20 }, async () => {
      const one = command(text);
      await one.open();
      return code(await one.consume(approval));
    }));
    expect(answers.filter((one) => one === 'ok')).toHaveLength(7);
    expect(answers.filter((one) => one === 'spent')).toHaveLength(13);
    expect(await h.sql(`select use from approvals.manifest_use where approval = '${approval}' order by use`)).toEqual([1, 2, 3, 4, 5, 6, 7].map((use) => ({ use })));
    expect((await h.evidence(approval)).filter((type) => type === 'approval.consumed')).toHaveLength(7);
  });

  it('gives one command one run, however often its gateway asks', async () => {
    const { approval, text } = await approved(5);
    const one = command(text);
    const answers = (await Promise.all(Array.from({ length: 5 }, () => one.consume(approval)))).map(code);
    expect(answers.filter((each) => each === 'ok')).toHaveLength(1);
    expect(answers.filter((each) => each === 'spent')).toHaveLength(4);
    expect((await shown(approval)).manifest?.statements[0]?.used).toBe(1);
  });

  it.each<[string, Partial<StatementTerms>]>([
    ['another text', { text: 'update ledger.accounts set note = 0' }], ['another role', { role: 'owner' }], ['another policy', { slice: 'd'.repeat(64) }], ['values', { parameters: ['1'] }],
    ['names that mean something else', { effects: ['write evil.accounts'] }], ['another machine', { machine: 'other' }], ['another target', { target: 'other' }],
  ])('does not cover %s', async (_what, change) => {
    const { approval, text } = await approved();
    const other = command(text, change);
    expect(value(await other.open())).toMatchObject({ covered: false });
    expect(code(await other.consume(approval))).toBe('spent');
    expect(code(await command(text).consume(approval))).toBe('ok');
  });

  it('covers nothing before it is approved, after a no, after its end, or when it was taken back', async () => {
    const text = `update ledger.accounts set note = '${randomUUID()}'`;
    const asked = manifest([{ text }], { expiresIn: 3600 });
    const { approval } = await ask(asked);
    const covered = async () => value(await command(text).open()).covered;
    expect(await covered()).toBe(false);
    expect(code(await command(text).consume(approval ?? ''))).toBe('not-approved');
    value(await vote(approval ?? '', 'bob', 'reject'));
    expect(await covered()).toBe(false);
    const second = (await ask(asked)).approval ?? '';
    expect(second).not.toBe(approval);
    value(await vote(second));
    expect(await covered()).toBe(true);
    value(await h.identity.call(approvalsWithdraw, { approval: second, why: 'the job was called off' }));
    expect(await covered()).toBe(false);
    const third = (await ask(asked)).approval ?? '';
    value(await vote(third));
    h.advance(3601);
    expect(await covered()).toBe(false);
    expect(code(await command(text).consume(third))).toBe('expired');
  });

  it('asked again while it is alive is the same, and a new one when it is over', async () => {
    const asked = manifest([{ text: `update ledger.accounts set note = '${randomUUID()}'` }]);
    const first = await Promise.all(Array.from({ length: 10 }, () => ask(asked)));
    expect(new Set(first.map(({ approval }) => approval)).size).toBe(1);
    const [{ approval } = { approval: null }] = first;
    value(await vote(approval ?? '', 'bob', 'reject'));
    expect((await ask(asked)).approval).not.toBe(approval);
  });

  it('with anything that policy denies asks nobody, and says which', async () => {
    const answer = await ask(manifest([{ text: 'update ledger.accounts set note = 1' }, { text: 'drop table ledger.accounts' }, { text: 'garbage' }, { text: 'update a; update b' }]));
    expect(answer).toMatchObject({ approval: null, refused: [{ place: 2, code: 'denied', say: 'drop is not done just so' }, { place: 3, code: 'unreadable' }, { place: 4, code: 'several' }] });
  });

  it('with nothing that needs leave asks nobody', async () => {
    expect(await ask(manifest([{ text: 'select 1' }]))).toMatchObject({ approval: null, refused: [], statements: [{ place: 1, decision: 'allow' }] });
  });

  it('wants the seats of all its statements, and is refused at once where they cannot be filled', async () => {
    const asked = manifest([{ text: `update ledger.accounts set note = '${randomUUID()}'` }, { text: 'alter table ledger.accounts add note text' }]);
    expect(await h.identity.call(approvalsManifest, asked)).toMatchObject({ ok: false, error: { code: 'unanswerable', say: expect.stringContaining('1 of security (0') } });
  });

  it('asked for by a person is approved by neither him nor the owner', async () => {
    const { approval } = await ask(manifest([{ text: `update ledger.accounts set note = '${randomUUID()}'` }], {}, 'person:bob'));
    expect(code(await vote(approval ?? '', 'bob'))).toBe('self-approval');
    expect(code(await vote(approval ?? '', 'olga'))).toBe('self-approval');
    expect(value(await vote(approval ?? '')).state).toBe('approved');
  });

  it('is not spent as a whole, nor asked for by another way', async () => {
    const { approval } = await approved();
    const { subject } = await shown(approval);
    if (subject === null) throw new Error('no subject');
    expect(code(await h.identity.call(approvalsSpend, { approval, subject, binding: subject.id }))).toBe('mismatch');
    expect(code(await h.identity.call(approvalsAsk, { subject, requester: 'machine:ci-deploy', owner: 'olga', machine: 'ci-deploy', target: 'ledger-db', environment: null, source: '', text: 'x', shape: 'x', rules: [], say: '', binding: 'x', quorum: [{ group: 'dba', count: 1 }], expiresIn: 60 }))).toBe('invalid');
  });

  it('does not flood people: of one machine, twenty wait at most', async () => {
    await putMachine(h.identity, 'eager');
    const one = () => ({ ...manifest([{ text: `update ledger.accounts set note = '${randomUUID()}'` }]), machine: 'eager', requester: 'machine:eager' });
    await eventually(async () => expect(code(await h.identity.call(approvalsManifest, one()))).toBe('ok'));
    const last = one();
    for (let at = 0; at < 18; at++) await ask(one());
    const { approval } = await ask(last);
    expect(code(await h.identity.call(approvalsManifest, one()))).toBe('rate-limited');
    expect((await ask(last)).approval).toBe(approval);
    value(await vote(approval ?? ''));
    expect(code(await h.identity.call(approvalsManifest, one()))).toBe('ok');
  });

  it('takes a thousand statements', async () => {
    const mark = randomUUID();
    const started = performance.now();
    const { approval, statements } = await ask(manifest(Array.from({ length: 1000 }, (_, at) => ({ text: `update ledger.accounts set note = '${mark}' where id = ${at}` }))));
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(statements).toHaveLength(1000);
    value(await vote(approval ?? ''));
    const last = command(`update ledger.accounts set note = '${mark}' where id = 999`);
    expect(value(await last.open()).covered).toBe(true);
    expect(code(await last.consume(approval ?? ''))).toBe('ok');
  });
});

describe('a machine that is stopped', () => {
  it('has its manifests and held commands taken back, and gets nothing from them when it works again', async () => {
    const { approval, text } = await approved(5);
    const held = value(await h.gateway.call(approvalsOpen, request()));
    await putMachine(h.identity, 'ci-deploy', { state: 'suspended' });
    try {
      await eventually(async () => expect([(await shown(approval)).state, (await shown(held.approval)).state]).toEqual(['withdrawn', 'withdrawn']));
      expect(await h.evidence(approval)).toContain('approval.withdrawn');
      expect(code(await command(text).consume(approval))).toBe('not-approved');
      expect(code(await h.identity.call(approvalsManifest, manifest([{ text }])))).toBe('machine-not-active');
      expect(code(await vote(held.approval))).toBe('not-pending');
    } finally {
      await putMachine(h.identity, 'ci-deploy');
    }
    await eventually(async () => expect(value(await command(text).open()).covered).toBe(false));
  });

  it('that only needs attention keeps what it has, and gets nothing new', async () => {
    const { approval, text } = await approved(5);
    await putMachine(h.identity, 'ci-deploy', { state: 'attention' });
    try {
      await eventually(async () => expect(code(await h.gateway.call(approvalsOpen, request()))).toBe('machine-not-active'));
      const one = command(text);
      expect(value(await one.open()).covered).toBe(true);
      expect(code(await one.consume(approval))).toBe('ok');
    } finally {
      await putMachine(h.identity, 'ci-deploy');
    }
    await eventually(async () => expect(code(await h.gateway.call(approvalsOpen, request()))).toBe('ok'));
  });
});
