import { describe, expect, it } from 'vitest';
import { whyStopped } from '../model/admit.ts';
import { Inventory } from '../model/inventory.ts';
import { planApply } from '../model/plan-apply.ts';
import { base, inventoryOf, machine, person, raw, type Raw } from '../testing/documents.ts';
import { endings } from './endings.ts';
import { hear, momentOf, personMeant } from './people.ts';
import { ForbiddenMoveError, isDue, settle, type Amendment, type Settled } from './settle.ts';
import type { NewStatus } from './status.ts';
import type { NewWord } from './words.ts';

const day = 86_400_000;
const now = Date.parse('2026-11-23T10:00:00Z');
const none: Amendment = { by: 'fact', documents: [], words: [], statuses: [] };
const said = (name: string, change: 'left' | 'returned' = 'left', source: NewWord['source'] = 'hr', at = now): NewWord => ({ person: name, source, change, at, toldBy: source, ref: null, reason: '' });
const left = (inventory: Inventory, name: string, at = now) => settle(inventory, { ...none, words: [said(name, 'left', 'hr', at)] }, at);
const later = (inventory: Inventory, ms: number) => settle(inventory, none, now + ms);
const applied = (inventory: Inventory, documents: readonly Raw[], at = now): Settled => {
  const plan = planApply(inventory, documents, { prune: false, today: new Date(at).toISOString().slice(0, 10) });
  if (!plan.ok) throw new Error(JSON.stringify(plan.problems));
  return settle(inventory, { by: 'document', documents: plan.changes, words: [], statuses: [] }, at);
};
const problems = (inventory: Inventory, ...documents: Raw[]) => {
  const plan = planApply(inventory, documents, { prune: false, today: '2026-11-23' });
  return plan.ok ? [] : plan.problems.map(({ code }) => code);
};
const low = (name: string, spec: Readonly<Record<string, unknown>> = {}) => machine(name, { criticality: 'low', ...spec });
const governance = (ownerGone: Readonly<Record<string, string>>) => raw('Governance', 'default', { ownerGone });
const code = (inventory: Inventory, name: string) => {
  const found = inventory.machines.get(name);
  return found === undefined ? 'none' : (whyStopped(found, inventory)?.code ?? 'works');
};

describe('somebody leaves', () => {
  it.each(['high', 'critical'])('and what he answers for of criticality %s stops at once', (criticality) => {
    const { after, follows, people } = left(inventoryOf(...base(), machine('m', { criticality })), 'alice');
    expect(after.stateOf('m')).toBe('suspended');
    expect(code(after, 'm')).toBe('owner-inactive');
    expect(follows.suspended).toEqual([{ machine: 'm', why: 'its owner alice is no longer active' }]);
    expect(follows.stale).toMatchObject([{ machine: 'm' }]);
    expect(people).toEqual([{ person: 'alice', change: 'left', source: 'hr', at: now, machines: ['m'] }]);
  });

  it('and the rest works on until the grace is over, then stops by itself', () => {
    const { after, follows } = left(inventoryOf(...base(), low('m')), 'alice');
    expect(after.stateOf('m')).toBe('attention');
    expect(code(after, 'm')).toBe('works');
    expect(follows.moved).toMatchObject([{ machine: 'm', from: 'active', to: 'attention', until: now + 7 * day }]);
    expect(JSON.parse(after.mirror().get('machine.m') ?? '')).toMatchObject({ spec: { state: 'attention' } });
    expect(isDue(after, now + 7 * day - 1)).toBe(false);
    expect(isDue(after, now + 7 * day)).toBe(true);
    const over = later(after, 7 * day);
    expect(over.follows.suspended).toMatchObject([{ machine: 'm' }]);
    expect(over.after.stateOf('m')).toBe('suspended');
  });

  it('and no grace is none', () => {
    expect(left(inventoryOf(...base(), low('m'), governance({ others: '0s' })), 'alice').after.stateOf('m')).toBe('suspended');
    expect(left(inventoryOf(...base(), machine('m'), governance({ privileged: '1h' })), 'alice').after.stateOf('m')).toBe('attention');
  });

  it('and a machine that becomes privileged, or a shorter grace, ends it sooner; a longer one never later', () => {
    const attention = left(inventoryOf(...base(), low('m')), 'alice').after;
    expect(later(attention.with(9, { documents: inventoryOf(governance({ others: '1h' })).documents.map((document) => ({ kind: document.kind, name: 'default', version: 1, digest: 'd', document })) }), 2 * 3_600_000).after.stateOf('m')).toBe('suspended');
    const longer = attention.with(9, { documents: inventoryOf(governance({ others: '90d' })).documents.map((document) => ({ kind: document.kind, name: 'default', version: 1, digest: 'd', document })) });
    expect(later(longer, 8 * day).after.stateOf('m')).toBe('suspended');
    expect(applied(attention, [low('m', { criticality: 'critical', state: 'suspended' })]).after.statusesOf('m')).toMatchObject([{ cause: 'owner-gone', state: 'suspended' }]);
  });

  it('by his document, with the same consequences', () => {
    const { after, people } = applied(inventoryOf(...base(), machine('m'), low('l')), [person('alice', { active: false })]);
    expect([after.stateOf('m'), after.stateOf('l')]).toEqual(['suspended', 'attention']);
    expect(people).toMatchObject([{ person: 'alice', change: 'left', source: 'document', machines: ['m', 'l'] }]);
  });

  it('by the end of his contract, on the day after its last one', () => {
    const inventory = inventoryOf(...base().slice(0, 1), person('alice', { contractEnd: '2026-11-23' }), person('bob'), machine('m'));
    expect(isDue(inventory, Date.parse('2026-11-23T23:59:59.999Z'))).toBe(false);
    expect(isDue(inventory, Date.parse('2026-11-24T00:00:00Z'))).toBe(true);
    const { after, people } = settle(inventory, none, Date.parse('2026-11-24T06:00:00Z'));
    expect(after.stateOf('m')).toBe('suspended');
    expect(people).toMatchObject([{ source: 'contract', at: Date.parse('2026-11-24T00:00:00Z') }]);
  });

  it('and is shown to the others as not active, though his document says otherwise', () => {
    expect(JSON.parse(left(inventoryOf(...base()), 'alice').after.mirror().get('person.alice') ?? '')).toMatchObject({ spec: { active: false } });
  });

  it('and nothing is due any more once it was settled', () => {
    const { after } = left(inventoryOf(...base(), machine('m'), low('l')), 'alice');
    expect(isDue(after, now)).toBe(false);
    expect(settle(after, none, now)).toMatchObject({ words: [], statuses: [], people: [], follows: { moved: [] } });
  });

  it('while the machine has no grace to be given, where his leaving was overlooked before', () => {
    const overlooked = inventoryOf(...base().slice(0, 1), person('alice', { active: false }), person('bob'), low('m'));
    expect(code(overlooked, 'm')).toBe('owner-inactive');
    expect(later(overlooked, 0).after.stateOf('m')).toBe('suspended');
  });
});

describe('somebody comes back', () => {
  it('and what asked for attention does so no more; what was suspended stays so', () => {
    const gone = left(inventoryOf(...base(), machine('m'), low('l')), 'alice').after;
    const { after, people } = settle(gone, { ...none, words: [said('alice', 'returned')] }, now + day);
    expect([after.stateOf('m'), after.stateOf('l')]).toEqual(['suspended', 'active']);
    expect(code(after, 'm')).toBe('machine-suspended');
    expect(people).toMatchObject([{ person: 'alice', change: 'returned' }]);
  });

  it('only when every source that said otherwise says so', () => {
    const gone = settle(inventoryOf(...base(), low('l')), { ...none, words: [said('alice', 'left', 'hr'), said('alice', 'left', 'scim')] }, now).after;
    const one = settle(gone, { ...none, words: [said('alice', 'returned', 'scim')] }, now);
    expect(one.after.gone('alice')).toMatchObject({ source: 'hr' });
    expect(one.people).toEqual([]);
    expect(one.after.stateOf('l')).toBe('attention');
  });

  it('by document: what was suspended stays so there, too', () => {
    const gone = applied(inventoryOf(...base(), machine('m')), [person('alice', { active: false })]).after;
    const { after } = applied(gone, [person('alice')]);
    expect(after.gone('alice')).toBeNull();
    expect(after.stateOf('m')).toBe('suspended');
  });
});

describe('a document', () => {
  const gone = left(inventoryOf(...base(), person('carol'), machine('m')), 'alice').after;

  it('does not lift what was found out since', () => {
    const { after } = applied(gone, [machine('m', { owner: 'carol' })]);
    expect(after.machines.get('m')?.spec.owner).toBe('carol');
    expect(after.stateOf('m')).toBe('suspended');
  });

  it('puts nobody back as owner or backup who left, and may say less', () => {
    expect(problems(gone, machine('m', { purpose: 'closes the books of the day, twice' }))).toEqual(['owner-left']);
    expect(problems(gone, machine('n', { owner: 'bob', backupOwner: 'alice', bindings: [] }))).toEqual(['owner-left']);
    expect(problems(gone, machine('m', { state: 'suspended' }))).toEqual([]);
    expect(problems(gone, machine('m'))).toEqual([]);
  });

  it('brings back no retired machine, under its own name, also when it was removed meanwhile', () => {
    const { after } = applied(inventoryOf(...base(), machine('m')), [machine('m', { state: 'retired' })]);
    expect(problems(after, machine('m'))).toEqual(['machine-retired']);
    const removed = settle(after, { by: 'document', words: [], statuses: [], documents: [{ kind: 'Machine', name: 'm', change: 'removed', version: 9, digest: '', previous: null, body: null, document: null }] }, now).after;
    expect(problems(removed, machine('m'))).toEqual(['machine-retired']);
    expect(problems(removed, machine('other', { bindings: machine('m').spec['bindings'] }))).toEqual([]);
  });

  it('may lift what documents alone hold back', () => {
    const { after } = applied(inventoryOf(...base(), machine('m', { state: 'suspended' })), [machine('m')]);
    expect(after.stateOf('m')).toBe('active');
  });
});

describe('dates', () => {
  it('stop a vendor’s machines with its contract, whatever their criticality, and no later document lets them go', () => {
    const inventory = inventoryOf(...base(), low('m', { vendor: { name: 'Acme', contractEnd: '2026-11-22' } }));
    const { after, follows } = settle(inventory, none, now);
    expect(follows.suspended).toEqual([{ machine: 'm', why: 'the contract of its vendor Acme ended on 2026-11-22' }]);
    expect(applied(after, [low('m', { vendor: { name: 'Acme', contractEnd: '2027-11-22' } })]).after.stateOf('m')).toBe('suspended');
  });

  it('flag a machine whose review has lapsed, and its next review date lets it go', () => {
    const { after } = settle(inventoryOf(...base(), machine('m', { reviewBy: '2026-11-22' })), none, now);
    expect(after.stateOf('m')).toBe('attention');
    expect(code(after, 'm')).toBe('works');
    expect(applied(after, [machine('m')]).after.stateOf('m')).toBe('active');
  });

  it('that make an ending are warned of from 30 days before it, by their nearest time', () => {
    const of = (contractEnd: string) => endings(inventoryOf(...base().slice(0, 1), person('alice', { contractEnd }), person('bob'), machine('m')), '2026-11-23').map(({ days, reached, machines }) => ({ days, reached, machines }));
    expect(of('2026-12-24')).toEqual([]);
    expect(of('2026-12-23')).toEqual([{ days: 30, reached: [30], machines: ['m'] }]);
    expect(of('2026-11-30')).toEqual([{ days: 7, reached: [30, 7], machines: ['m'] }]);
    expect(of('2026-11-24')).toEqual([{ days: 1, reached: [30, 7, 1], machines: ['m'] }]);
    expect(of('2026-11-22')).toEqual([]);
  });

  it('of one vendor are warned of together, by date', () => {
    const vendor = (contractEnd: string) => ({ vendor: { name: 'Acme', contractEnd } });
    expect(endings(inventoryOf(...base(), machine('m', vendor('2026-11-30')), machine('n', vendor('2026-11-30')), machine('o', vendor('2026-12-01')), machine('r', { ...vendor('2026-11-30'), state: 'retired' })), '2026-11-23'))
      .toMatchObject([{ of: 'vendor', name: 'Acme', ends: '2026-11-30', machines: ['m', 'n'] }, { ends: '2026-12-01', machines: ['o'] }]);
  });
});

describe('what moves a machine', () => {
  const status = (state: NewStatus['state']): NewStatus => ({ machine: 'm', cause: 'operator', state, why: 'x', since: now, until: null, person: null, setBy: 'person:root' });

  it('may do so in its own ways only: nothing is settled that no rule allows', () => {
    const suspended = settle(inventoryOf(...base(), machine('m')), { ...none, by: 'hand', statuses: [status('suspended')] }, now).after;
    expect(suspended.stateOf('m')).toBe('suspended');
    for (const by of ['hand', 'fact'] as const) expect(() => settle(suspended, { ...none, by, statuses: [status('cleared')] }, now)).toThrow(ForbiddenMoveError);
    expect(settle(suspended, { ...none, by: 'reactivation', statuses: [status('cleared')] }, now).after.stateOf('m')).toBe('active');
  });
});

describe('whom a directory means', () => {
  const inventory = inventoryOf(...base().slice(0, 1), person('alice', { directoryIds: ['00u1', 'alice@bank.example'] }), person('bob'));
  it('is found by its own ids, else by the name here, exactly', () => {
    expect(['00u1', 'alice@bank.example', 'bob', 'Bob', '00u', ''].map((id) => personMeant(inventory, id))).toEqual(['alice', 'alice', 'bob', null, null, null]);
  });

  it('is told once, and not by an older word of the same source', () => {
    const gone = settle(inventory, { ...none, words: [said('alice')] }, now).after;
    expect(hear(inventory, said('alice'))).toBe('said');
    expect(hear(inventory, said('alice', 'returned'))).toBe('unchanged');
    expect(hear(gone, said('alice'))).toBe('unchanged');
    expect(hear(gone, said('alice', 'left', 'scim'))).toBe('said');
    expect(hear(gone, said('alice', 'returned', 'hr', now - 1))).toBe('older');
    expect(hear(gone, said('alice', 'returned', 'hr', now))).toBe('said');
  });

  it.each(['', 'yesterday', '2026-11-20', '2026-11-20T17:00:00', '2026-13-40T00:00:00Z', '-271821-04-20T00:00:00Z'])('is told no moment by %j', (text) => expect(momentOf(text)).toBeNull());
  it('is told moments with any offset', () => expect(momentOf('2026-11-20T17:00:00.123456+01:00')).toBe(Date.parse('2026-11-20T16:00:00.123Z')));
});
