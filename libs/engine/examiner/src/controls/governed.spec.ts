import { describe, expect, it } from 'vitest';
import type { Given } from '../examination.ts';
import type { Fact } from '../fact.ts';
import { packTexts } from '../output/files.ts';
import { examination, factsOf } from '../testing/examine-story.ts';
import { governedPeriod, governedStory, told } from '../testing/governed-story.ts';
import { examine } from './index.ts';

const ledger = governedStory();
const given = (change: Partial<Given> = {}) => examination(ledger, { period: governedPeriod, ...change });
const of = (id: string, change: Partial<Given> = {}) => {
  const found = examine(given(change)).find(({ control }) => control.id === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found;
};

type Row = Readonly<Record<string, unknown>>;
const rowsOf = ({ columns, rows }: { readonly columns: readonly string[]; readonly rows: readonly (readonly unknown[])[] }): readonly Row[] => rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i]])));
const only = (row: Row | undefined, ...names: readonly string[]): Row => Object.fromEntries(names.map((name) => [name, row?.[name]]));
const figures = (id: string, change: Partial<Given> = {}) => Object.fromEntries(of(id, change).figures.map(({ name, value }) => [name, value]));
/** First column of the exceptions: what they are. */
const exceptions = (id: string, facts?: readonly Fact[], change: Partial<Given> = {}) => of(id, { ...change, ...(facts === undefined ? {} : { facts }) }).exceptions.rows.map(([say]) => say);

const facts = factsOf(ledger);
/** The story with other data in the events that fit. */
const altered = (fits: (fact: Fact) => boolean, d: object, rest: Partial<Fact> = {}): readonly Fact[] => facts.map((fact) => (fits(fact) ? { ...fact, ...rest, d: { ...fact.d, ...d } } : fact));
const without = (fits: (fact: Fact) => boolean): readonly Fact[] => facts.filter((fact) => !fits(fact));
const type = (name: string, members: object = {}) => (fact: Fact): boolean => fact.type === name && Object.entries(members).every(([key, value]) => Reflect.get(fact.d, key) === value);
/** Written by the same service right after that one. */
const afterwards = (fits: (fact: Fact) => boolean, made: Partial<Fact>): readonly Fact[] => {
  const at = facts.findLast(fits);
  if (at === undefined) throw new Error('no such fact');
  return [...facts, { ...at, id: 'made', hash: 'f'.repeat(64), leaf: at.leaf + 0.5, ...made }];
};
const person = (name: string): Fact['who'] => ({ id: `person:${name}`, npid: null, iss: null, tok: null, jti: null, owner: null });

describe('the story of a machine whose owner leaves', () => {
  it('is told by the controls as it was told before', async () => {
    const all = given();
    for (const { id, result, exceptions: wrong, narrative } of packTexts(all, examine(all)).controls.filter(({ id: name }) => /^EP-(0[1-9]|1[78])$/.test(name))) {
      for (const [name, text] of Object.entries({ 'result.csv': result, 'exceptions.csv': wrong, 'narrative.md': narrative })) await expect(text).toMatchFileSnapshot(`../../golden/governed/${id}/${name}`);
    }
  });

  it('never says that anything is compliant, and is the same whatever the order of the events', () => {
    const texts = packTexts(given(), examine(given()));
    expect(JSON.stringify(texts)).not.toMatch(/complian/i);
    const turned = given({ facts: facts.toReversed() });
    expect(packTexts(turned, examine(turned))).toEqual(texts);
  });

  it('answers EP-01 to EP-09, EP-17 and EP-18', () => {
    const states = Object.fromEntries(examine(given()).map(({ control, state, reason }) => [control.id, reason === null ? state : `${state}: ${reason}`]));
    expect(states).toMatchObject({
      'EP-01': 'computed', 'EP-02': expect.stringMatching(/^partial: whether a token that came from outside/), 'EP-03': 'computed', 'EP-04': 'computed', 'EP-05': 'computed', 'EP-06': 'computed', 'EP-07': 'computed', 'EP-08': 'computed', 'EP-09': 'computed', 'EP-17': 'computed', 'EP-18': 'computed',
    });
  });

  it('has these exceptions, and no others', () => {
    const found = examine(given()).flatMap(({ control, exceptions: wrong }) => wrong.rows.map((row) => [control.id, row[0]]));
    expect(found.filter(([id]) => id !== 'EP-11' && id !== 'EP-15')).toEqual([['EP-03', 'ended without having been used'], ['EP-04', 'not decided by 2026-12-08'], ['EP-04', 'its access stopped because nobody decided']]);
  });

  it('no event that is not what it should be stops a control', () => {
    for (const broken of [{}, { machine: 7, machines: [3, null], used: 'x', reviewers: {}, bindings: 'x', kinds: 3, by: null, quorum: [[]], subject: 'x', run: [], until: 4, left_at: {}, claims: null }]) {
      expect(examine(given({ facts: facts.map((fact) => ({ ...fact, d: { ...fact.d, ...broken } })) }))).toHaveLength(20);
      expect(examine(given({ facts: facts.map((fact) => ({ ...fact, d: broken })) }))).toHaveLength(20);
    }
    for (const { type: name } of facts) expect(examine(given({ facts: facts.filter((fact) => fact.type !== name) }))).toHaveLength(20);
  });
});

describe('EP-01, inventory', () => {
  it('has a row for each machine with whom answers for it, and when it was used', () => {
    const rows = rowsOf(of('EP-01').result);
    expect(rows.map((row) => row['machine'])).toEqual(['archiver', 'ci-deploy', 'nightly', 'report-agent']);
    expect(rows[2]).toMatchObject({
      kind: 'batch', owner: 'dora', owner_status: 'no word that they left', backup_owner: 'erin', team: 'ledger', purpose: 'closes the books every night', business_service: 'general ledger', environment: 'production', criticality: 'high', vendor: null, review_by: '2027-01-31',
      state: 'active', bindings: 'issuer/sallyport (sub)', version: 2, recorded_by: 'person:frank', first_use: '2026-11-20T16:59:00.020000Z', last_use: '2026-11-26T09:02:00.050000Z', sources: '10.0.0.7', clients: 'psql 18', sessions: 4, targets: 'ledger-db', npid: 'np-nightly',
    });
    expect(rows[3]).toMatchObject({ vendor: 'Acme Reports', contract_end: '2027-03-31', owner: 'erin' });
  });
  const recorded = (members: object, version = 2) => altered(type('nhi.recorded', { machine: 'nightly', version }), members);
  it.each([
    ['has no owner', recorded({ owner: '' })],
    ['has no purpose', recorded({ purpose: '' })],
    ['its date of review (2026-12-01) is past', recorded({ review_by: '2026-12-01' })],
    ['its owner left and nobody has taken it over', without((fact) => fact.leaf > (facts.find(type('nhi.owner_accepted'))?.leaf ?? 0) && Reflect.get(fact.d, 'machine') === 'nightly')],
    ['its owner is in no directory', afterwards(type('nhi.reactivated'), { type: 'detect.orphan', d: { machine: 'nightly', owner: 'dora' } })],
  ])('finds a machine that %s', (say, changed) => expect(exceptions('EP-01', changed)).toContain(say));
  it('does not ask about a retired one, about an owner who came back, or about withheld names', () => {
    expect(exceptions('EP-01', recorded({ purpose: '', review_by: '2026-12-01' }).map((fact) => (type('nhi.reactivated')(fact) ? { ...fact, type: 'nhi.state_changed', d: { machine: 'nightly', from: 'active', to: 'retired', why: '', until: null } } : fact)))).toEqual([]);
    const gone = without((fact) => type('nhi.reactivated')(fact) || type('nhi.recorded', { version: 2 })(fact));
    expect(exceptions('EP-01', [...gone, ...afterwards(type('nhi.owner_accepted'), { type: 'person.returned', d: { person: 'carl', source: 'scim' } }).slice(-1)])).toEqual([]);
    expect(exceptions('EP-01', altered(type('person.left'), { person: '~' }))).toEqual([]);
  });
  it('says how many records are older than the pack', () => {
    const found = of('EP-01', { facts: without(type('nhi.recorded', { machine: 'ci-deploy' })) });
    expect([found.state, found.reason]).toEqual(['partial', expect.stringMatching(/^1 machine acted or changed and has its record/)]);
  });
});

describe('EP-02, authentication', () => {
  it('finds a binding that looks for no replays, one from two places, and replays that were seen', () => {
    expect(exceptions('EP-02', altered(type('nhi.recorded', { machine: 'ci-deploy' }), { bindings: ['issuer/aud (sub), replay off'] }))).toEqual(['replays are not looked for']);
    const two = afterwards(type('nhi.reactivated'), { type: 'detect.shared_binding', d: { machine: 'nightly', binding: 'nightly/ci', runtimes: ['10.0.0.7', '10.9.0.3'] } });
    expect(of('EP-02', { facts: two }).exceptions.rows[0]?.slice(0, 3)).toEqual(['binding used from two places at once', 'machine:nightly', 'nightly/ci from 10.0.0.7; 10.9.0.3']);
    expect(exceptions('EP-02', afterwards(type('nhi.reactivated'), { type: 'detect.replay', d: { machine: 'nightly', binding: 'nightly/ci', source: '~', first_source: '~', count: 2 } }))).toEqual(['replay']);
  });
});

describe('EP-03, reach', () => {
  it('holds what was granted against what was used', () => {
    const rows = rowsOf(of('EP-03').result);
    expect(rows.map((row) => only(row, 'entitlement', 'kind', 'machine', 'role', 'state', 'sessions', 'used_count', 'used'))).toEqual([
      { entitlement: 'e-nightly', kind: 'standing', machine: 'nightly', role: 'ledger', state: 'in force', sessions: 3, used_count: 2, used: 'read ledger.entries (2); write ledger.balances (1); write ledger.entries (1)' },
      { entitlement: 'e-report', kind: 'standing', machine: 'report-agent', role: 'reporting', state: 'in force', sessions: 1, used_count: 1, used: 'read ledger.entries (1)' },
      { entitlement: 'e-archiver', kind: 'standing', machine: 'archiver', role: 'archive', state: 'revoked', sessions: 0, used_count: 0, used: null },
      { entitlement: 'e-jit', kind: 'jit', machine: 'ci-deploy', role: 'owner', state: 'expired', sessions: 1, used_count: 1, used: 'define ledger.entries (1)' },
      { entitlement: 'e-glass', kind: 'break-glass', machine: 'nightly', role: 'owner', state: 'expired', sessions: 1, used_count: 1, used: 'execute ledger.unlock (1)' },
      { entitlement: 'e-deploy-old', kind: null, machine: 'ci-deploy', role: null, state: 'revoked', sessions: 0, used_count: 0, used: null },
    ].map((row, i) => (i === 0 ? { ...row, used_count: 3 } : row)));
    expect(rows[0]).toMatchObject({ from: '2026-11-20T09:00:00.000Z', until: '2027-01-31T00:00:00.000Z', limited_by: 'the date of review' });
  });
  const granted = (members: object) => altered(type('entitlement.granted', { entitlement: told.nightlyEntitlement }), members);
  it.each([
    ['has no end', granted({ until: '' })],
    ['ends only after 2265 days', granted({ until: '2033-02-01T00:00:00.000Z' })],
    ['names everything (*)', granted({ role: '*' })],
    ['not used in the 80 days since it began', granted({ from: '2026-10-01T00:00:00.000Z', role: 'other' })],
    ['not used for 61 days', afterwards(type('review.closed'), { type: 'entitlement.unused', d: { entitlement: told.reportEntitlement, machine: 'report-agent', target: 'ledger-db', days: 61 } })],
    ['used after it ended', afterwards(type('entitlement.expired', { entitlement: told.jit }), { type: 'entitlement.used', d: { entitlement: told.jit, session: 's', machine: 'ci-deploy', left: 0 } })],
  ])('finds an entitlement that %s', (say, changed) => expect(exceptions('EP-03', changed)).toContain(say));
  it('shows what was reached without an entitlement in the pack', () => {
    const found = of('EP-03', { facts: without(type('entitlement.granted', { entitlement: told.reportEntitlement })) });
    expect([found.state, rowsOf(found.result).at(-1)]).toMatchObject(['partial', { kind: 'not in this pack', machine: 'report-agent', role: 'reporting', sessions: 1, used: 'read ledger.entries (1)' }]);
  });
});

describe('EP-04, reviews', () => {
  it('has each item with its decision, reviewer, date and what they were shown', () => {
    expect(rowsOf(of('EP-04').result).map((row) => only(row, 'item', 'machine', 'decision', 'reviewer', 'due_at', 'on_time', 'evidence_seen', 'followed_by'))).toEqual([
      { item: 'i-1', machine: 'nightly', decision: 'keep', reviewer: 'person:gina', due_at: '2026-12-08', on_time: true, evidence_seen: '2 rights used, 0 not used', followed_by: null },
      { item: 'i-2', machine: 'report-agent', decision: 'narrow', reviewer: 'person:gina', due_at: '2026-12-08', on_time: true, evidence_seen: '1 right used, 1 not used', followed_by: null },
      { item: 'i-3', machine: 'ci-deploy', decision: 'revoke', reviewer: 'person:gina', due_at: '2026-12-08', on_time: true, evidence_seen: '1 right used, 0 not used', followed_by: 'entitlement.revoked' },
      { item: 'i-4', machine: 'archiver', decision: 'stopped undecided', reviewer: null, due_at: '2026-12-08', on_time: false, evidence_seen: '0 rights used, 1 not used', followed_by: 'review.stopped' },
    ]);
    expect(figures('EP-04')).toEqual({ items: 4, kept: 1, narrowed: 1, revoked: 1, 'decided in time': 3, 'stopped undecided': 1 });
  });
  const known = ['not decided by 2026-12-08', 'its access stopped because nobody decided'];
  const decided = type('review.decided', { item: 'i-1' });
  it.each([
    ['decided after 2026-12-08', altered(decided, {}, { at: '2026-12-09T00:00:00.000000Z' })],
    ['reviewed by the owner of the machine', altered(decided, {}, { who: person('dora') })],
    ['reviewed by who had asked for it', altered(type('entitlement.granted', { entitlement: told.nightlyEntitlement }), {}, { who: person('gina') })],
    ['to be revoked, and nothing took it away', without(type('entitlement.revoked', { entitlement: 'e-deploy-old' }))],
    ['decided without a record of what was shown', without(type('review.item', { item: 'i-1' }))],
  ])('finds an item that was %s', (say, changed) => expect(exceptions('EP-04', changed).filter((each) => !known.includes(String(each)))).toEqual([say]));
  it('takes no two withheld names for one, and says that it does not compare', () => {
    const hidden = facts.map((fact) => (fact.who?.id.startsWith('person:') === true ? { ...fact, who: { ...fact.who, id: 'person:~' } } : fact));
    const found = of('EP-04', { facts: hidden });
    expect([found.exceptions.rows.map(([say]) => say), found.reason]).toEqual([known, 'the reviewers of 3 items are withheld, so they are not compared']);
  });
  it('takes the suspension of the machine for the end of its access', () => {
    const changed = facts.map((fact) => (type('entitlement.revoked', { entitlement: 'e-deploy-old' })(fact) ? { ...fact, type: 'nhi.suspended', d: { machine: 'ci-deploy', why: 'a review said so' } } : fact));
    expect(exceptions('EP-04', changed)).toEqual(known);
  });
  it('without a campaign says so', () => {
    expect(of('EP-04', { facts: without(({ type: name }) => name.startsWith('review.')) })).toMatchObject({ state: 'no data yet', reason: 'no review of access was opened, decided, overdue or stopped in this pack' });
  });
});

describe('EP-05, leavers', () => {
  it('shows the lag, the refused connection and the new owner', () => {
    expect(rowsOf(of('EP-05').result)).toEqual([{
      person: 'carl', source: 'scim', left_at: '2026-11-20T17:00:00.000Z', told_at: '2026-11-20T17:00:00.370000Z', machine: 'nightly', privileged: true, suspended_at: '2026-11-20T17:00:00.380000Z', lag_seconds: 0.38, lag_since_told_seconds: 0.01, grace_until: null,
      open_sessions: 1, last_ended_after_seconds: 0.93, refused_after: 1, new_owner: 'dora', taken_over_at: '2026-11-23T09:05:00.030000Z', agreed_by: 'frank', sessions_after_leaving: 3, under_new_owner: 3, in_grace: 0, uncovered: 0, outcome: 'taken over', leaf: expect.any(Number),
    }]);
    expect(of('EP-05').excerpt?.rows).toEqual([['nightly', '2026-11-20T17:00:00.000Z', '2026-11-20T17:00:00.380000Z', 0.38, 1, 'taken over']]);
  });
  const suspensions = (fact: Fact): boolean => type('nhi.suspended')(fact) || type('nhi.state_changed', { to: 'suspended' })(fact);
  const opened = facts.find((fact) => fact.type === 'session.opened' && fact.sid === told.after);
  const openedAt = (at: string) => facts.map((fact) => (fact === opened ? { ...fact, at } : fact));
  it('finds a suspension that came late', () => expect(exceptions('EP-05', altered(type('person.left'), { left_at: '2026-11-20T16:58:00.000Z' }))).toContain('suspended 120 s after the leaving, 0 s after the news'));
  it('finds a machine that went on', () => {
    const changed = without((fact) => suspensions(fact) || type('nhi.reactivated')(fact) || type('nhi.recorded', { version: 2 })(fact) || type('nhi.state_changed')(fact));
    expect(new Set(exceptions('EP-05', changed))).toEqual(new Set(['the machine went on', 'session after the leaving, and nobody answered for it']));
    expect(exceptions('EP-05', changed)).toHaveLength(4);
  });
  it('finds a session after the leaving, and one of a suspended machine', () => {
    expect(exceptions('EP-05', openedAt('2026-11-21T03:00:00.000000Z'))).toEqual(['session after the leaving, and nobody answered for it', 'session opened while suspended']);
    expect(exceptions('EP-05', openedAt('2026-11-20T17:00:00.360000Z'))).toEqual(['session after the leaving, and nobody answered for it', 'session ran on for more than 60 s after the suspension']);
  });
  it('finds a session that ran on', () => {
    const late = facts.map((fact) => (fact.type === 'session.closed' && fact.sid === told.before ? { ...fact, at: '2026-11-20T17:02:00.000000Z' } : fact));
    expect(exceptions('EP-05', late)).toEqual(['session ran on for more than 60 s after the suspension']);
    expect(exceptions('EP-05', without((fact) => fact.type === 'session.closed' && fact.sid === told.before))).toEqual(['session ran on after the suspension, and its end is not in this pack']);
  });
  it('leaves a machine of lower criticality its time of grace, and no more', () => {
    const attention = (until: string) => altered(type('nhi.recorded', { machine: 'nightly', version: 1 }), { criticality: 'low' }).filter((fact) => !type('nhi.suspended')(fact) && !type('nhi.recorded', { version: 2 })(fact) && !type('nhi.reactivated')(fact) && !type('nhi.state_changed', { to: 'active' })(fact)).map((fact) => (type('nhi.state_changed')(fact) ? { ...fact, d: { machine: 'nightly', from: 'active', to: 'attention', why: 'its owner left', until } } : fact));
    expect(exceptions('EP-05', attention('2026-12-27T17:00:00.000Z'))).toEqual([]);
    expect(rowsOf(of('EP-05', { facts: attention('2026-12-27T17:00:00.000Z') }).result)[0]).toMatchObject({ privileged: false, outcome: 'in its time of grace', in_grace: 3, uncovered: 0 });
    expect(exceptions('EP-05', attention('2026-11-25T17:00:00.000Z'))).toEqual(['the machine went on', 'session after the leaving, and nobody answered for it', 'session after the leaving, and nobody answered for it']);
  });
  it('knows the machine where the name of the person is withheld', () => {
    const found = of('EP-05', { facts: altered(type('person.left'), { person: '~' }) });
    expect([rowsOf(found.result)[0], found.exceptions.rows]).toMatchObject([{ person: '~', machine: 'nightly', lag_seconds: 0.38, uncovered: 0 }, []]);
  });
  it('judges a machine without a record in the pack as a privileged one', () => {
    const unknown = altered(type('person.left'), { left_at: '2026-11-20T16:58:00.000Z' }).filter((fact) => !type('nhi.recorded', { version: 1 })(fact));
    expect(exceptions('EP-05', unknown)).toContain('suspended 120 s after the leaving, 0 s after the news');
  });
  it('counts a person who is back as answering again', () => {
    const back = [...without(({ type: name }) => ['nhi.reactivated', 'nhi.owner_accepted'].includes(name)).filter((fact) => !type('nhi.recorded', { version: 2 })(fact)), ...afterwards(type('nhi.transfer_requested'), { type: 'person.returned', d: { person: 'carl', source: 'scim' }, at: '2026-11-22T00:00:00.000000Z' }).slice(-1)];
    expect(rowsOf(of('EP-05', { facts: back }).result)[0]).toMatchObject({ outcome: 'its owner is back', new_owner: 'carl', uncovered: 0 });
  });
  it('without anything of it says so, and without any directory says what is not seen', () => {
    const silent = without(({ type: name }) => ['person.left', 'signal.received', 'contract.ending'].includes(name));
    expect(of('EP-05', { facts: silent })).toMatchObject({ state: 'partial', result: { rows: [expect.arrayContaining(['nightly', 'suspended: its owner left'])] } });
    expect(of('EP-05', { facts: silent.filter((fact) => !suspensions(fact)) }).reason).toBe('nobody left, no directory told anything, and no machine was suspended in this pack');
  });
});

describe('EP-06, temporary authority', () => {
  it('holds the time that was granted against the time that was used', () => {
    expect(rowsOf(of('EP-06').result).slice(-2).map((row) => only(row, 'kind', 'machine', 'justification', 'asked_by', 'votes', 'granted_seconds', 'used_seconds', 'uses', 'state', 'reviewed', 'reviewed_by'))).toEqual([
      { kind: 'jit', machine: 'ci-deploy', justification: 'release 12', asked_by: 'machine:ci-deploy', votes: 'frank approve', granted_seconds: 7200, used_seconds: 1800.02, uses: 1, state: 'expired', reviewed: null, reviewed_by: null },
      { kind: 'break-glass', machine: 'nightly', justification: 'the ledger is stuck, INC-9', asked_by: 'erin', votes: null, granted_seconds: 3600, used_seconds: 900.02, uses: 1, state: 'expired', reviewed: 'justified', reviewed_by: 'person:frank' },
    ]);
    expect(rowsOf(of('EP-06').result).map((row) => row['kind'])).toEqual(['access', 'manifest', 'change', 'change', 'jit', 'break-glass']);
  });
  const glass = type('breakglass.opened');
  it.each([
    ['emergency access that nobody reviewed', without(type('breakglass.reviewed'))],
    ['emergency access without a justification', altered(glass, { reason: '' })],
    ['emergency access reviewed by the one who opened it', altered(type('breakglass.reviewed'), {}, { who: person('erin') })],
    ['emergency access found not justified', altered(type('breakglass.reviewed'), { finding: 'not-justified' })],
    ['granted on request without an approval', altered(type('entitlement.granted', { entitlement: told.jit }), { approval: null })],
    ['granted before its approval was', without(type('approval.granted', { approval: 'a-access' }))],
    ['session went on for 7200 s after the access had ended', facts.map((fact) => (fact.type === 'session.closed' && fact.sid === told.emergency ? { ...fact, at: '2026-11-26T01:00:00.110000Z' } : fact))],
  ])('finds %s', (say, changed) => expect(exceptions('EP-06', changed)).toContain(say));
  it('says that emergency access is still open', () => {
    const changed = altered((fact) => glass(fact) || type('entitlement.granted', { entitlement: told.glass })(fact), { until: '2027-01-01T00:00:00.000Z' }).filter((fact) => !type('breakglass.reviewed')(fact));
    expect(exceptions('EP-06', changed)).toEqual(['emergency access still open, and not reviewed yet']);
  });
  it('does not hold it against a manifest that it is used again and again', () => {
    expect(exceptions('EP-06', afterwards(type('approval.consumed', { approval: told.manifest }), {}))).toEqual([]);
    expect(exceptions('EP-06', afterwards(type('approval.consumed', { approval: 'a-access' }), {}))).toEqual(['used more than once']);
  });
});

describe('EP-07, manifests', () => {
  it('shows the run as approved before, by another person', () => {
    expect(rowsOf(of('EP-07').result)).toMatchObject([{ of: 'manifest', approval: told.manifest, approvers: 'frank', bound: true, before: true, other_person: true, quorum: true, outcome: 'ran: DELETE 4' }]);
  });
  const spent = type('approval.consumed', { approval: told.manifest });
  it.each([
    ['of another machine', altered(type('approval.manifest'), { machine: 'archiver' })],
    ['of another target', altered(type('approval.manifest'), { target: 'other-db' })],
    ['more often than asked for', afterwards(spent, {}).concat(afterwards(spent, { leaf: 1000 }).slice(-1))],
    ['of another statement', altered(spent, { run: { place: 1, use: 1, times: 1, shape: 'drop table x' } })],
    ['beyond its uses', altered(spent, { run: { place: 1, use: 2, times: 1, shape: 'delete from ledger.entries where month = $1' } })],
    ['that was not spent', without(spent)],
  ])('finds a run %s', (_, changed) => expect(exceptions('EP-07', changed)[0]).toMatch(/^not shown: approval of this very command/));
  it('finds a run whose hold is not recorded', () => expect(exceptions('EP-07', without((fact) => fact.type === 'command.decided' && 'decision' in fact.d && fact.d.decision === 'hold'))).toEqual(['not shown: the hold']));
  it('finds who approved what they had asked for themselves', () => {
    expect(exceptions('EP-07', altered(type('approval.requested', { approval: told.manifest }), {}, { who: person('frank') }))).toEqual(['not shown: another person than the owner']);
  });
});

describe('EP-08, changes', () => {
  it('follows a change from its proposal to what took it back', () => {
    expect(rowsOf(of('EP-08').result).slice(0, 2).map((row) => only(row, 'change', 'kind', 'name', 'what', 'author', 'ticket', 'tested', 'approvers', 'rolls_back', 'rolled_back_by'))).toEqual([
      { change: 'ch-1', kind: 'Policy', name: 'reporting reads balances', what: 'activated, rolled back', author: 'person:erin', ticket: 'CHG-7', tested: 'fits, 2 decisions changed', approvers: 'frank', rolls_back: null, rolled_back_by: 'ch-2' },
      { change: 'ch-2', kind: 'Policy', name: 'back to before', what: 'activated', author: 'person:erin', ticket: null, tested: 'fits, 2 decisions changed', approvers: 'frank', rolls_back: 'ch-1', rolled_back_by: null },
    ]);
    expect(rowsOf(of('EP-08').result).filter((row) => row['event'] === 'config.changed' && row['kind'] === 'Policy').map((row) => row['change'])).toEqual(['ch-1', 'ch-2']);
  });
  const activated = type('change.activated', { change: 'ch-1' });
  it.each([
    ['approved by its author', altered((fact) => type('change.proposed', { change: 'ch-1' })(fact), {}, { who: person('frank') })],
    ['activated without a test', without(type('change.tested', { change: 'ch-1' }))],
    ['activated although its last test did not fit', altered(type('change.tested', { change: 'ch-1' }), { ok: false })],
    ['activated with other content than was proposed', altered(activated, { digest: 'other' })],
    ['activated without the approval that it needs', without(type('change.approved', { change: 'ch-1' }))],
    ['activated before it was approved', altered(activated, {}, { at: '2026-11-30T09:00:00.000000Z' })],
    ['changed directly, although changes of its kind need others', afterwards(activated, { type: 'config.changed', auth: null, who: person('erin'), d: { kind: 'Policy', name: 'other', change: 'created', version: 1, digest: 'x', previous: null } })],
  ])('finds what was %s', (say, changed) => expect(exceptions('EP-08', changed)).toEqual([say]));
  it('learns from a refusal that a kind needs others', () => {
    const refused = afterwards(type('nhi.owner_accepted'), { type: 'config.refused', who: person('erin'), d: { kind: 'Classification', name: '*', code: 'change-required', say: 'Classification: …' } });
    const later = afterwards(type('change.activated', { change: 'ch-2' }), { type: 'config.changed', auth: null, who: person('erin'), d: { kind: 'Classification', name: 'pii', change: 'updated', version: 2, digest: 'x', previous: 'y' } }).slice(-1);
    expect(exceptions('EP-08', [...refused, ...later])).toEqual(['changed directly, although changes of its kind need others']);
  });
  it('does not take the document that a transfer changed for a direct change', () => {
    const controlled = altered(type('approval.requested', { approval: 'a-access' }), { rules: ['changeControl:Machine'] }, { leaf: 1 });
    expect(exceptions('EP-08', controlled)).toEqual(['changed directly, although changes of its kind need others', 'changed directly, although changes of its kind need others', 'changed directly, although changes of its kind need others']);
  });
  it('says that withheld names are not compared', () => {
    const hidden = facts.map((fact) => ({ ...fact, ...(fact.who?.id.startsWith('person:') === true ? { who: { ...fact.who, id: 'person:~' } } : {}), d: { ...fact.d, ...('by' in fact.d ? { by: Array.isArray(fact.d.by) ? [] : '~' } : {}) } }));
    expect(of('EP-08', { facts: hidden })).toMatchObject({ state: 'partial', reason: 'author and approvers of 2 changes are withheld, so they are not compared', exceptions: { rows: [] } });
  });
});

describe('EP-09, attempts', () => {
  it('lists who is unknown and what looked wrong, and asks about what nobody decided', () => {
    const candidate = { type: 'nhi.candidate', who: null, d: { candidate: 'k-1', issuer: 'https://issuer.test', claims: {}, source: '10.7.7.7' } };
    expect(exceptions('EP-09', afterwards(type('nhi.reactivated'), candidate))).toEqual(['unknown machine, and nobody decided']);
    const decided = afterwards(type('review.closed'), { type: 'nhi.candidate_decided', d: { candidate: 'k-1', decision: 'blocked', machine: null } }).slice(-1);
    expect(exceptions('EP-09', [...afterwards(type('nhi.reactivated'), candidate), ...decided])).toEqual([]);
  });
  it.each([
    ['machine used by a person', { type: 'detect.human_use', d: { machine: 'nightly', session: told.after, signs: ['a terminal'] } }],
    ['binding used from two places at once', { type: 'detect.shared_binding', d: { machine: 'nightly', binding: 'b', runtimes: [] } }],
    ['tokens replayed', { type: 'detect.replay', d: { machine: 'nightly', binding: 'b', source: '~', first_source: '~', count: 3 } }],
  ])('asks about a %s', (say, made) => expect(exceptions('EP-09', afterwards(type('nhi.reactivated'), made))).toEqual([say]));
  it('shows new behaviour without asking about it, and refused access', () => {
    const made = [...afterwards(type('nhi.reactivated'), { type: 'detect.new_behaviour', d: { machine: 'nightly', target: 'ledger-db', effect: 'write ledger.x', session: 's' } }), ...afterwards(type('review.closed'), { type: 'entitlement.refused', d: { request: 'r', machine: 'archiver', target: 'ledger-db', role: null, code: 'no-path', say: 'no path' } }).slice(-1)];
    const found = of('EP-09', { facts: made });
    expect(rowsOf(found.result).map((row) => only(row, 'event', 'code', 'identity', 'target', 'detail'))).toEqual([
      { event: 'auth.failed', code: 'machine-suspended', identity: 'machine:nightly', target: null, detail: expect.stringMatching(/^machine nightly is suspended since .* because carl left; it needs an owner who accepts it/) },
      { event: 'session.refused', code: 'unauthenticated', identity: null, target: 'ledger-db', detail: expect.stringMatching(/^machine nightly is suspended/) },
      { event: 'detect.new_behaviour', code: 'detect.new_behaviour', identity: 'machine:nightly', target: 'ledger-db', detail: 'write ledger.x' },
      { event: 'entitlement.refused', code: 'no-path', identity: 'machine:archiver', target: 'ledger-db', detail: 'no path' },
    ]);
    expect(found.exceptions.rows).toEqual([]);
  });
});

describe('EP-17, readers', () => {
  it('finds a reviewer who read evidence too, and says what was not compared', () => {
    const read = afterwards(type('evidence.read'), { who: person('gina') });
    expect(of('EP-17', { facts: read }).exceptions.rows.map((row) => row.slice(0, 3))).toEqual([['read evidence of a period with own acts', 'person:gina', '1 read; 3 acts: review.decided']]);
    expect(figures('EP-17', { facts: read })).toMatchObject({ reads: 2, readers: 2, 'of them without own acts': 1 });
    expect(of('EP-17', { facts: afterwards(type('evidence.read'), { who: person('~') }) })).toMatchObject({ state: 'partial', reason: 'the names behind 1 read are withheld, so they are not compared with acts', exceptions: { rows: [] } });
  });
  it('without any reader says so', () => expect(of('EP-17', { facts: without(type('evidence.read')) })).toMatchObject({ state: 'no data yet', reason: expect.stringContaining('nobody read or exported evidence in this pack') }));
});

describe('EP-18, third parties', () => {
  it('has each machine of a vendor with its sponsor and contract', () => {
    expect(rowsOf(of('EP-18').result)).toMatchObject([{ machine: 'report-agent', vendor: 'Acme Reports', sponsor: 'erin', contract_end: '2027-03-31', state: 'active', entitlements_in_force: 1, last_entitlement_ends: '2027-01-31T00:00:00.000Z', sessions: 1, sessions_after_contract: 0, targets: 'ledger-db' }]);
    expect(exceptions('EP-18')).toEqual([]);
  });
  const vendor = (members: object) => altered(type('nhi.recorded', { machine: 'report-agent' }), members);
  const over = vendor({ contract_end: '2026-11-23' });
  it('finds a contract that is over, a session after it, and access beyond it', () => expect(exceptions('EP-18', over)).toEqual(['its contract is over, and it still works', 'session after the end of the contract', 'may reach ledger-db beyond the end of the contract']));
  it('lets the contract hold on its last day', () => expect(exceptions('EP-18', vendor({ contract_end: '2026-11-24' }))).not.toContain('session after the end of the contract'));
  it('finds one without a sponsor or without an end', () => expect([exceptions('EP-18', vendor({ owner: '' })), exceptions('EP-18', vendor({ contract_end: null }))]).toEqual([['has no sponsor'], ['no end of contract is recorded']]));
  it('does not ask about a machine that was suspended in time', () => {
    const suspended = over.concat(afterwards(type('nhi.reactivated'), { type: 'nhi.suspended', d: { machine: 'report-agent', why: 'the contract is over' } }).slice(-1)).filter((fact) => fact.sid !== told.report && !type('entitlement.granted', { entitlement: told.reportEntitlement })(fact));
    expect(exceptions('EP-18', suspended)).toEqual([]);
  });
});
