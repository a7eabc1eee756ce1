import { describe, expect, it } from 'vitest';
import { packTexts } from '../output/files.ts';
import { examination } from '../testing/examine-story.ts';
import { command, ledgerDb, machine, person, story, StoryLedger, authority, type Twist } from '../testing/story.ts';
import type { Given } from '../examination.ts';
import { controls, examine } from './index.ts';

const of = (ledger: StoryLedger, id: string, change: Partial<Given> = {}) => {
  const found = examine(examination(ledger, change)).find(({ control }) => control.id === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found;
};
const figure = (result: { figures: readonly { name: string; value: string | number }[] }, name: string) => result.figures.find((each) => each.name === name)?.value;

describe('the controls', () => {
  it('are EP-01 to EP-20, each with a question, an exception and a query of its own', () => {
    expect(controls.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, i) => `EP-${String(i + 1).padStart(2, '0')}`));
    expect(new Set(controls.map(({ question }) => question)).size).toBe(20);
    for (const { query, exception } of controls) expect([query.length > 20, exception.length > 20]).toEqual([true, true]);
  });

  it('say of the small story what they said before', async () => {
    const given = examination(story());
    const { controls: each, mappings, overview } = packTexts(given, examine(given));
    await expect(mappings).toMatchFileSnapshot('../../golden/mappings.json');
    await expect(overview).toMatchFileSnapshot('../../golden/overview.csv');
    for (const { id, result, exceptions, query, narrative } of each) {
      for (const [name, text] of Object.entries({ 'result.csv': result, 'exceptions.csv': exceptions, 'query.sql': query, 'narrative.md': narrative })) await expect(text).toMatchFileSnapshot(`../../golden/${id}/${name}`);
    }
  });

  it('never say that anything is compliant', () => {
    const given = examination(story());
    expect(JSON.stringify(packTexts(given, examine(given)))).not.toMatch(/complian/i);
  });

  it('say the same whatever the order in which the events are handed in', () => {
    const given = examination(story());
    const turned = examination(story(), { facts: given.facts.toReversed() });
    expect(packTexts(turned, examine(turned))).toEqual(packTexts(given, examine(given)));
  });

  it('stand events whose data is not what it should be', () => {
    const { facts } = examination(story());
    const broken = facts.map((fact) => ({ ...fact, d: { results: [null, 7], columns: 'x', rules: { a: 1 }, quorum: [[]], effects: [3] } }));
    expect(examine(examination(story(), { facts: broken }))).toHaveLength(20);
    expect(examine(examination(new StoryLedger()))).toHaveLength(20);
  });

  it('without records say "no data yet" and why, and show no figures', () => {
    const silent = examine(examination(story())).filter(({ state }) => state === 'no data yet');
    expect(silent.map(({ control }) => control.id)).toEqual(['EP-04', 'EP-05', 'EP-13', 'EP-14', 'EP-16', 'EP-18', 'EP-20']);
    for (const { reason, figures, result } of silent) expect([typeof reason, figures, result.rows]).toEqual(['string', [], []]);
  });
});

describe('EP-07, approved before execution', () => {
  const judged = (twist: Twist) => {
    const { exceptions } = of(story(twist), 'EP-07');
    return exceptions.rows.map((row) => Object.fromEntries(exceptions.columns.map((column, i) => [column, row[i]])));
  };
  it('has no exception where all is as it should be', () => expect(judged({})).toEqual([]));
  it('finds the owner who approved', () => expect(judged({ approver: 'alice' })).toMatchObject([{ exception: 'not shown: another person than the owner', other_person: false, bound: true, before: true }]));
  it('finds an approval that came after the run', () => expect(judged({ grantedLater: true })).toMatchObject([{ before: false, other_person: true }]));
  it('finds an approval that was never granted', () => expect(judged({ noGrant: true })).toMatchObject([{ before: false }]));
  it('finds an approval of another command', () => expect(judged({ otherCommand: true })).toMatchObject([{ bound: false }]));
  it('finds an approval of another statement', () => expect(judged({ shape: 'select $1' })).toMatchObject([{ bound: false }]));
  it('takes a long statement that the gateway cut for the whole one that approvers saw', () => {
    const ledger = new StoryLedger();
    const [session, approvals] = [ledger.chain('gateway', '0198c0de-0000-7000-8000-00000000cccc', { who: machine('m', 'alice'), on: ledgerDb }), ledger.chain('approvals')];
    const whole = 'update a set b = $1 '.repeat(100);
    const cut = `${whole.slice(0, 1000)} … (${whole.length} characters)`;
    const [id, approval] = [ledger.id(), '0198c0de-0000-7000-8000-00000000dddd'];
    session.write('command.decided', command(id, 'hold', 'write', ['write a'], cut, 'UPDATE', ['r']), { auth: authority() });
    approvals.write('approval.requested', { approval, session: session.sid, command: id, machine: 'm', target: 'ledger-db', shape: whole, binding: 'b', quorum: [{ group: 'dba', count: 1 }], expires: '', rules: ['r'] });
    approvals.write('approval.voted', { approval, by: 'bob', vote: 'approve', groups: ['dba'] }, { who: person('bob') });
    approvals.write('approval.granted', { approval, by: ['bob'] });
    approvals.write('approval.consumed', { approval, session: session.sid, command: id });
    session.write('command.decided', command(id, 'allow', 'write', ['write a'], cut, 'UPDATE', ['r']), { auth: authority(approval) });
    expect(of(ledger, 'EP-07').exceptions.rows).toEqual([]);
    expect(figure(of(ledger, 'EP-07'), 'approved and run')).toBe(1);
  });
  it('finds a quorum of two that one person made up', () => {
    const ledger = story();
    const facts = examination(ledger).facts.map((fact) => (fact.type === 'approval.requested' ? { ...fact, d: { ...fact.d, quorum: [{ group: 'dba', count: 2 }] } } : fact));
    expect(of(ledger, 'EP-07', { facts }).exceptions.rows).toHaveLength(1);
  });
  it('finds a run that names an approval although no hold is recorded', () => {
    const facts = examination(story()).facts.filter((fact) => !('decision' in fact.d && fact.d.decision === 'hold'));
    expect(of(story(), 'EP-07', { facts }).exceptions.rows).toHaveLength(1);
  });
});

describe('EP-11, reconstruction', () => {
  it('finds the number that is missing in a session', () => {
    const { facts } = examination(story());
    const gone = facts.filter(({ type }) => type !== 'mask.applied');
    expect(of(story(), 'EP-11', { facts: gone }).exceptions.rows).toEqual([['0198c0de-0000-7000-8000-00000000aaaa', 'nightly', 'ledger-db', '1 number of the chain is not in this pack', 17]]);
  });
  it('finds a session that says of itself what its events do not', () => {
    const facts = examination(story()).facts.map((fact) => (fact.type === 'session.closed' ? { ...fact, d: { ...fact.d, rows: 5, commands: 9 } } : fact));
    expect(of(story(), 'EP-11', { facts }).exceptions.rows.map((row) => row[3])).toEqual(['the session counted 9 commands, its events add up to 3', 'the session counted 5 rows, its events add up to 201']);
  });
  it('calls a session cut that goes on after the pack, and does not blame it', () => {
    const { facts } = examination(story());
    const early = facts.filter(({ leaf }) => leaf < 10);
    expect(of(story(), 'EP-11', { facts: early })).toMatchObject({ exceptions: { rows: [] } });
    expect(figure(of(story(), 'EP-11', { facts: early }), 'cut by the period')).toBe(1);
  });
});

describe('other controls', () => {
  it('EP-01 finds a machine without an owner, and one that came back after its removal', () => {
    const ledger = new StoryLedger();
    const [identity, gateway] = [ledger.chain('identity'), ledger.chain('gateway', '0198c0de-0000-7000-8000-00000000aaaa', { who: machine('stray', null), on: ledgerDb })];
    identity.write('config.changed', { kind: 'Machine', name: 'stray', change: 'removed', version: 2, digest: 'd', previous: 'c' }, { who: person('olga') });
    gateway.write('session.opened', { protocol: 'postgres', role: null, source: '', client: null, evidence: 'strict', lease: 'l', policy: 1, mask_plan: null, key: { kek: '', epk: '', iv: '', wrapped: '' } });
    expect(of(ledger, 'EP-01').exceptions.rows.map((row) => row.slice(0, 2))).toEqual([['acted without an owner', 'stray'], ['acted after it was removed', 'stray']]);
  });
  it('EP-02 finds a shared binding, a long token and a replay', () => {
    const ledger = new StoryLedger();
    const identity = ledger.chain('identity');
    const login = { binding: 'b', issuer: 'i', claims: {}, source: '10.0.0.1', expires: '2026-11-20T11:00:00Z', micros: 1, door: 'postgres', session: null };
    identity.write('auth.ok', login, { who: machine('a', 'alice') });
    identity.write('auth.ok', { ...login, expires: '2026-11-20T09:10:00Z' }, { who: machine('b', 'alice') });
    identity.write('auth.replay', { binding: 'b', jti: 'j', source: '10.0.0.2', first_source: '10.0.0.1', door: 'postgres', session: null }, { who: machine('a', 'alice') });
    expect(of(ledger, 'EP-02').exceptions.rows.map(([what]) => what)).toEqual(['binding shared', 'token lives long', 'replay']);
  });
  it('EP-05 finds a session of a suspended machine', () => {
    const ledger = story();
    const { facts } = examination(ledger);
    const first = facts[0];
    if (first === undefined) throw new Error('no story');
    const suspended = { ...first, type: 'nhi.suspended', d: { machine: 'nightly', why: 'its owner left' } };
    expect(of(ledger, 'EP-05', { facts: [suspended, ...facts.slice(1)].filter(({ type }) => type !== 'config.changed') }).exceptions.rows).toHaveLength(1);
  });
  it('EP-08 finds a change without an author, one of the set-up account, and a policy that does not follow', () => {
    const ledger = new StoryLedger();
    const policy = ledger.chain('policy');
    policy.write('config.changed', { kind: 'Policy', name: 'p', change: 'created', version: 1, digest: 'a', previous: null });
    policy.write('policy.activated', { version: 1, digest: 'x', previous: null, rules: 1 }, { who: person('bootstrap-admin') });
    policy.write('config.changed', { kind: 'Policy', name: 'p', change: 'updated', version: 2, digest: 'b', previous: 'a' }, { who: person('bootstrap-admin') });
    policy.write('policy.activated', { version: 2, digest: 'y', previous: 'other', rules: 1 }, { who: person('olga') });
    expect(of(ledger, 'EP-08').exceptions.rows.map(([what]) => what)).toEqual(['no author', 'made with the account for setting up', 'does not follow from the set before it']);
  });
  it('EP-09 finds an address from which logins only fail', () => {
    const ledger = new StoryLedger();
    const identity = ledger.chain('identity');
    for (let i = 0; i < 5; i++) identity.write('auth.failed', { code: 'unknown-issuer', say: 'no', issuer: null, claims: {}, source: '10.9.9.9', micros: 1, door: 'postgres', session: null });
    expect(of(ledger, 'EP-09').exceptions.rows.map((row) => row.slice(0, 4))).toEqual([['failed logins only', 'unknown-issuer', '10.9.9.9', 5]]);
  });
  it('EP-10 draws the same sample for a seed, another for another, and never more than asked', () => {
    const ledger = new StoryLedger();
    const session = ledger.chain('gateway', '0198c0de-0000-7000-8000-00000000aaaa', { who: machine('m', 'alice'), on: ledgerDb });
    for (let i = 0; i < 100; i++) session.write('command.decided', command(ledger.id(), 'allow', 'read', ['read t'], 'select', 'SELECT', ['r']), { auth: authority() });
    const drawn = (seed: string) => of(ledger, 'EP-10', { seed, sample: 10 }).result.rows;
    expect(drawn('a')).toHaveLength(10);
    expect(drawn('a')).toEqual(drawn('a'));
    expect(drawn('a')).not.toEqual(drawn('b'));
  });
  it('EP-13 tells what the verifier found', () => {
    const log = { origin: 'sallyport.local/default/1', size: 20, root: 'cm9vdA==', consistentFrom: 10, signers: ['sallyport.local/default'], witnesses: [], leaves: 19, findings: [{ kind: 'changed', leaf: 3, say: 'its bytes are not those of the log' }] };
    expect(of(story(), 'EP-13', { log })).toMatchObject({ state: 'computed', exceptions: { rows: [['changed', 3, 'its bytes are not those of the log']] } });
  });
  it('EP-15 finds a clock that was set back', () => {
    const facts = examination(story()).facts.map((fact) => (fact.type === 'service.stopped' ? { ...fact, at: '2026-11-20T08:00:00.000000Z' } : fact));
    expect(of(story(), 'EP-15', { facts }).exceptions.rows.map(([producer]) => producer)).toEqual(['gateway']);
  });
  it('EP-15 reads what clocks say of themselves: one that was set by an hour, one that is not synchronised, and one that is well', () => {
    const ledger = new StoryLedger();
    const well = { source: 'chrony', synchronised: true, offset_us: -210, error_us: 900, step_us: 0 };
    ledger.chain('gateway').write('clock.status', { ...well, step_us: -3_600_000_000 });
    ledger.chain('policy').write('clock.status', { ...well, synchronised: false });
    ledger.chain('identity').write('clock.status', well);
    ledger.chain('approvals').write('clock.status', { source: 'none', synchronised: null, offset_us: null, error_us: null, step_us: 0 });
    const found = of(ledger, 'EP-15');
    expect(found.state).toBe('computed');
    expect(found.exceptions.rows.map(([producer]) => producer)).toEqual(['gateway', 'policy']);
    expect(found.result.rows.map((row) => row.slice(5, 10))).toEqual([[1, 0, 0, 0, 0], [1, 1, 0, 0, 3_600_000], [1, 1, 0, 0, 0], [1, 0, 1, 0, 0]]);
  });
  it('EP-16 tells how far each sink is, and finds a stall that nothing followed and leaves that were jumped over', () => {
    const ledger = new StoryLedger();
    const sinks = ledger.chain('evidence');
    sinks.write('sink.watermark', { sink: 'splunk', from: 0, next: 10, delivered: 8, filtered: 2, lag: 1 });
    sinks.write('sink.watermark', { sink: 'splunk', from: 12, next: 20, delivered: 8, filtered: 0, lag: 40 });
    sinks.write('sink.stalled', { sink: 'splunk', next: 20, code: 'http-503', attempts: 3, lag: 50 });
    sinks.write('sink.stalled', { sink: 'archive', next: 5, code: 'timeout', attempts: 1, lag: 9 });
    sinks.write('sink.recovered', { sink: 'archive', next: 5, attempts: 4, seconds: 30 });
    const found = of(ledger, 'EP-16');
    expect(found.result.rows).toEqual([['archive', 5, 0, 0, 0, 1, 1, 30], ['splunk', 20, 16, 2, 40, 1, 0, 0]]);
    expect(found.exceptions.rows.map((row) => row.slice(0, 2))).toEqual([['splunk', 'leaves 10 to 11 were not reported as delivered'], ['splunk', 'stalled and not recovered in this pack: http-503']]);
  });
  it('EP-14 lists holds, purges and destroyed keys, and finds those that came too early, under a hold, from one person alone, or without an order', () => {
    const ledger = new StoryLedger();
    const { write } = ledger.chain('evidence');
    const month = { table: 'event_body_201803', class: 'events', from: '2018-03-01T00:00:00.000Z', to: '2018-04-01T00:00:00.000Z', delivered: 9, leaves: [], part: 1, parts: 1 };
    const key = (day: string) => ({ key: `standard/${day}/00aa11bb22cc33dd`, class: 'standard', day, why: 'expired' as const, sessions: [], kept: 0, next: null });
    write('retention.changed', { class: 'events', days: 2562, previous: null });
    write('retention.changed', { class: 'standard', days: 403, previous: null });
    write('hold.placed', { hold: 'h1', reason: 'case 1', session: null, machine: 'm', target: null, from: null, to: null }, { who: person('ada') });
    write('retention.purged', month);
    write('hold.release_requested', { hold: 'h1', reason: 'over' }, { who: person('ada') });
    write('hold.released', { hold: 'h1', requested_by: 'ada' }, { who: person('ada') });
    write('retention.purged', { ...month, table: 'event_body_202611', from: '2026-11-01T00:00:00.000Z', to: '2026-12-01T00:00:00.000Z' });
    write('key.destroyed', key('2025-01-01'));
    write('key.destroyed', key('2026-11-01'));
    write('erasure.confirmed', { session: 's1', requested_by: 'ada' }, { who: person('bert') });
    write('key.destroyed', { ...key('2026-11-02'), why: 'erased', sessions: ['s1', 's2'] });
    const found = of(ledger, 'EP-14');
    expect(found.state).toBe('partial');
    expect(found.result.rows).toHaveLength(11);
    expect(found.result.rows[2]?.slice(0, 5)).toEqual(['hold.placed', 'h1', 'person:ada', expect.any(String), 'machine m']);
    expect(found.exceptions.rows.map(([name, say]) => [name, say])).toEqual([
      ['event_body_202611', 'purged before the 2562 days of its class were over'],
      ['standard/2026-11-01/00aa11bb22cc33dd', 'destroyed before the 403 days of its class were over'],
      ['h1', 'ended by the person who had asked for it'],
      ['standard/2026-11-02/00aa11bb22cc33dd', 'destroyed for the erasure of s2, which is not seen to be ordered in this pack'],
      ['event_body_201803', 'purged while hold h1 stood'],
    ]);
  });
  it('EP-15 does not take the restart of a service, whose monotonic clock begins anew, for a clock that was set', () => {
    const ledger = story();
    const facts = examination(ledger).facts.map((fact) => (fact.producer === 'approvals' && fact.leaf > 12 ? { ...fact, monoUs: fact.leaf, at: `2026-11-20T09:30:00.${String(fact.leaf).padStart(6, '0')}Z` } : fact));
    expect(of(ledger, 'EP-15', { facts }).exceptions.rows).toEqual([]);
  });
  it('EP-17 lists what went out', () => {
    const ledger = story();
    ledger.chain('evidence', '0198c0de-0000-7000-9000-0000000000aa').write('evidence.exported', { origin: 'log/1', manifest: 'ab', scope: 'all', from: 0, to: 9, count: 9 }, { who: person('audra') });
    expect(of(ledger, 'EP-17').result.rows.at(-1)?.slice(1, 6)).toEqual(['evidence.exported', 'person:audra', 'pack, manifest ab', 'scope all, leaves 0 to 8', 9]);
  });
  it('EP-17 finds a reader with acts of their own in the period, and a refused one', () => {
    const ledger = story();
    const evidence = ledger.chain('evidence', '0198c0de-0000-7000-9000-0000000000aa');
    evidence.write('evidence.read', { what: 'events', filter: '', count: 3 }, { who: person('olga') });
    evidence.write('operator.acted', { action: 'evidence.events', object: '', ok: false, code: 'denied' }, { who: person('mallory') });
    expect(of(ledger, 'EP-17').exceptions.rows.map((row) => row.slice(0, 2))).toEqual([['refused', 'person:mallory'], ['read evidence of a period with own acts', 'person:olga']]);
  });
  it('EP-19 finds a service that ended without a word', () => {
    const ledger = story();
    const again = ledger.chain('gateway', '0198c0de-0000-7000-9000-0000000000bb');
    for (let i = 0; i < 2; i++) again.write('service.started', { service: 'gateway', version: '0.1.0', node: 'v24' });
    expect(of(ledger, 'EP-19').exceptions.rows.map(([what]) => what)).toEqual(['ended without saying so before this start']);
  });
});
