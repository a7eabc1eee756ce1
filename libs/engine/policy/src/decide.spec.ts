import { describe, expect, it } from 'vitest';
import type { Effect, Facts, Reading } from '@sallyport/domain-model';
import { decide, explain, maxEffects } from './decide.ts';
import { objectIndex } from './objects.ts';
import { maxNesting, maxOperators } from './split.ts';
import { compiledOf, effect, means, session, sunday } from './testing/world.ts';

const plan = objectIndex({
  id: 'plan-1',
  columns: [
    { column: 'ledger.customers.ssn', tag: 'us.ssn', action: 'redact' },
    { column: 'ledger.cards.pan', tag: 'pci.pan', action: 'last4' },
  ],
  large: ['ledger.entries'],
});

function ruling(text: string, effects: readonly Effect[], rest: { facts?: Partial<Facts>; reading?: Reading; at?: number; source?: string; role?: string } = {}) {
  return decide(compiledOf(text), {
    means: means(effects, rest.facts, rest.reading),
    session: { ...session, source: rest.source ?? session.source, role: rest.role ?? null },
    objects: plan,
    now: rest.at ?? sunday,
  });
}

const read = effect('read', 'ledger.customers');
const write = effect('write', 'ledger.customers');
const drop = effect('define', 'ledger.customers');
const readLedger = '@id("read") permit(principal in Group::"batch", action == Action::"read", resource in Schema::"ledger-db/ledger");';

describe('deciding a command', () => {
  it('denies what nothing permits, and says what', () => {
    expect(ruling('', [read])).toMatchObject({ kind: 'deny', rules: [], say: 'no rule permits read on ledger.customers' });
  });

  it('allows what a rule permits, and names it', () => {
    expect(ruling(readLedger, [read])).toMatchObject({ kind: 'allow', rules: ['read'], obligations: { maxRows: null, maxBytes: null } });
  });

  it('needs every effect to be allowed', () => {
    expect(ruling(readLedger, [read, write])).toMatchObject({ kind: 'deny', say: 'no rule permits write on ledger.customers' });
    expect(ruling(readLedger, [read, effect('read', 'public.other')])).toMatchObject({ kind: 'deny' });
  });

  it('lets a forbid win over every permit and says its reason', () => {
    const text = `@id("all") permit(principal, action, resource in Target::"ledger-db");
      @id("no-ddl") @reason("tables are changed by migrations only") forbid(principal, action in [Action::"define", Action::"grant"], resource);`;
    expect(ruling(text, [drop])).toMatchObject({ kind: 'deny', rules: ['no-ddl'], say: 'tables are changed by migrations only' });
    expect(ruling(text, [write])).toMatchObject({ kind: 'allow', rules: ['all'] });
  });

  it('names all rules that denied, sorted, and gives the reason for the gravest effect', () => {
    const text = `@id("z-write") @reason("no writes") forbid(principal, action == Action::"write", resource);
      @id("a-ddl") @reason("no ddl") forbid(principal, action == Action::"define", resource);`;
    expect(ruling(text, [write, drop])).toMatchObject({ kind: 'deny', rules: ['a-ddl', 'z-write'], say: 'no ddl' });
  });

  it('keeps other targets, schemas and machines out', () => {
    expect(ruling('@id("r") permit(principal, action, resource in Target::"other-db");', [read])).toMatchObject({ kind: 'deny' });
    expect(ruling('@id("r") permit(principal, action, resource in Schema::"ledger-db/public");', [read])).toMatchObject({ kind: 'deny' });
    expect(ruling('@id("r") permit(principal == Machine::"other", action, resource);', [read])).toMatchObject({ kind: 'deny' });
    expect(ruling('@id("r") permit(principal in Group::"people", action, resource);', [read])).toMatchObject({ kind: 'deny' });
  });

  it('covers all changing verbs by the group change, and reading by none of it', () => {
    const text = '@id("no-change") forbid(principal, action in Action::"change", resource); @id("all") permit(principal, action, resource);';
    for (const verb of ['write', 'execute', 'control', 'transfer', 'define', 'grant', 'unknown'] as const) expect(ruling(text, [effect(verb, 'ledger.x')]).kind).toBe('deny');
    expect(ruling(text, [read]).kind).toBe('allow');
  });
});

describe('objects', () => {
  const named = (object: string) => `@id("r") permit(principal, action, resource == Object::"${object}");`;

  it('are named as evidence names them', () => {
    expect(ruling(named('ledger-db/ledger.customers'), [read]).kind).toBe('allow');
    expect(ruling(named('ledger-db/function:pg_catalog.now'), [effect('execute', 'pg_catalog.now', 'function')]).kind).toBe('allow');
    expect(ruling(named('ledger-db/setting:search_path'), [effect('control', 'search_path', 'setting')]).kind).toBe('allow');
    expect(ruling(named('ledger-db/session:begin'), [effect('control', 'begin', 'session')]).kind).toBe('allow');
  });

  it('of one kind are permitted in one line', () => {
    const text = '@id("session") permit(principal, action == Action::"control", resource) when { resource.kind == "session" };';
    expect(ruling(text, [effect('control', 'begin', 'session')]).kind).toBe('allow');
    expect(ruling(text, [effect('control', 'checkpoint', 'server')]).kind).toBe('deny');
  });

  it('whose schema is not known are in no schema, only in the target', () => {
    const lost: Effect = { verb: 'read', resource: { kind: 'table', schema: '?', name: 'customers' } };
    expect(ruling(readLedger, [lost]).kind).toBe('deny');
    expect(ruling('@id("t") permit(principal, action, resource in Target::"ledger-db");', [lost]).kind).toBe('allow');
    expect(ruling(named('ledger-db/?.customers'), [lost]).kind).toBe('allow');
  });

  it('whose schema is not known have the tags of every table of that name', () => {
    const text = '@id("t") permit(principal, action, resource in Target::"ledger-db"); @id("pii") forbid(principal, action, resource is Object) when { resource.tags.contains("us.ssn") };';
    const lost = (name: string): Effect => ({ verb: 'read', resource: { kind: 'table', schema: '?', name } });
    expect(ruling(text, [lost('customers')])).toMatchObject({ kind: 'deny', rules: ['pii'] });
    expect(ruling(text, [lost('?')])).toMatchObject({ kind: 'deny', rules: ['pii'] });
    expect(ruling(text, [lost('entries')]).kind).toBe('allow');
  });

  it('carry their tags and whether they are large', () => {
    const text = '@id("r") permit(principal, action, resource is Object) unless { resource.tags.contains("pci.pan") || resource.large };';
    expect(ruling(text, [read]).kind).toBe('allow');
    expect(ruling(text, [effect('read', 'ledger.cards')]).kind).toBe('deny');
    expect(ruling(text, [effect('read', 'ledger.entries')]).kind).toBe('deny');
  });

  it('that hold others have the tags of what is inside, and a schema is inside of itself', () => {
    const text = '@id("l") permit(principal, action, resource is Object in Schema::"ledger-db/ledger") unless { resource.tags.contains("us.ssn") };';
    expect(ruling(text, [effect('define', 'ledger', 'schema')]).kind).toBe('deny');
    expect(ruling(text.replace('us.ssn', 'nothing.here'), [effect('define', 'ledger', 'schema')]).kind).toBe('allow');
    expect(ruling(text, [effect('define', 'public', 'schema')]).kind).toBe('deny');
  });

  it('with dots and colons in the schema’s name are not mistaken for others', () => {
    const tricky: Effect = { verb: 'read', resource: { kind: 'table', schema: 'ledger.customers', name: 'x' } };
    const honest: Effect = { verb: 'read', resource: { kind: 'table', schema: 'ledger', name: 'customers.x' } };
    expect(ruling(named('ledger-db/ledger.customers.x'), [honest]).kind).toBe('allow');
    expect(ruling(named('ledger-db/ledger.customers.x'), [tricky]).kind).toBe('deny');
    const forged: Effect = { verb: 'execute', resource: { kind: 'table', schema: 'function:pg_catalog', name: 'now' } };
    expect(ruling(named('ledger-db/function:pg_catalog.now'), [forged]).kind).toBe('deny');
  });

  it('may be called anything', () => {
    for (const name of ['"', '\\', 'a"; permit(principal,action,resource); //', '\0', '😀', 'x'.repeat(10_000)]) {
      expect(ruling(readLedger, [{ verb: 'read', resource: { kind: 'table', schema: 'ledger', name } }]).kind).toBe('allow');
      expect(ruling(readLedger, [{ verb: 'read', resource: { kind: 'table', schema: name, name: 'x' } }]).kind).toBe('deny');
    }
  });
});

describe('names that are not Unicode', () => {
  it('are denied, and harm nobody after them', () => {
    expect(ruling(readLedger, [{ verb: 'read', resource: { kind: 'table', schema: 'ledger', name: '\ud800' } }])).toMatchObject({ kind: 'deny', say: 'the policy could not be evaluated' });
    expect(ruling(readLedger, [read]).kind).toBe('allow');
  });
});

describe('facts', () => {
  it('reach the rules', () => {
    const text = '@id("r") permit(principal, action, resource is Object) when { context has hasWhere && context.hasWhere && context.kind == "UPDATE" && context.reading == "whole" };';
    expect(ruling(text, [write], { facts: { kind: 'UPDATE', hasWhere: true } }).kind).toBe('allow');
    expect(ruling(text, [write], { facts: { kind: 'UPDATE', hasWhere: false } }).kind).toBe('deny');
    expect(ruling(text, [write], { facts: { kind: 'UPDATE' } }).kind).toBe('deny');
    expect(ruling(text, [write], { facts: { kind: 'UPDATE', hasWhere: true }, reading: 'partial' }).kind).toBe('deny');
  });

  it('of a shell command are asked for by name', () => {
    const text = '@id("r") permit(principal, action, resource is Object) when { context.kind == "exec" && context has programs && !context.programs.containsAny(["rm", "curl"]) && context has hasPipe && !context.hasPipe };';
    const facts = { kind: 'exec', programs: ['cat', 'ls'], hasPipe: false };
    expect(ruling(text, [write], { facts }).kind).toBe('allow');
    expect(ruling(text, [write], { facts: { ...facts, programs: ['cat', 'rm'] } }).kind).toBe('deny');
    expect(ruling(text, [write], { facts: { ...facts, hasPipe: true } }).kind).toBe('deny');
    expect(ruling(text, [write], { facts: { kind: 'exec' } }).kind).toBe('deny');
  });

  it('with a limit that cannot be counted are facts without a limit', () => {
    const text = '@id("r") permit(principal, action, resource is Object) when { context has hasLimit && context.hasLimit && context has limit && context.limit <= 100 };';
    expect(ruling(text, [read], { facts: { hasLimit: true, limit: 100 } }).kind).toBe('allow');
    for (const limit of [1e300, Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY]) expect(ruling(text, [read], { facts: { hasLimit: true, limit } }).kind).toBe('deny');
  });

  it('of the session are there: source, role, time', () => {
    expect(ruling('@id("r") permit(principal, action, resource) when { context.source.isInRange(ip("10.0.0.0/8")) };', [read], { source: '::ffff:10.9.9.9' }).kind).toBe('allow');
    expect(ruling('@id("r") permit(principal, action, resource) when { context.source.isLoopback() };', [read], { source: '::1' }).kind).toBe('allow');
    expect(ruling('@id("r") permit(principal, action, resource) when { context has role && context.role == "writer" };', [read], { role: 'writer' }).kind).toBe('allow');
    const night = '@id("r") permit(principal, action, resource) when { context.hour >= 22 || context.hour < 6 };';
    expect(ruling(night, [read], { at: Date.UTC(2026, 10, 22, 23, 59) }).kind).toBe('allow');
    expect(ruling(night, [read], { at: Date.UTC(2026, 10, 22, 6, 0) }).kind).toBe('deny');
    const text = '@id("r") permit(principal, action, resource is Object) when { context.weekday == 7 && context.minuteOfDay == 600 && context.date == "2026-11-22" && context.now == datetime("2026-11-22T10:00:00Z") };';
    expect(ruling(text, [read]).kind).toBe('allow');
    expect(ruling(text, [read], { at: sunday + 86_400_000 }).kind).toBe('deny');
  });

  it('of machine and target are there', () => {
    expect(ruling('@id("r") permit(principal, action, resource is Object) when { principal.environment == resource.target.environment && principal.owner == "alice" && resource.target.tags.contains("pci") };', [read]).kind).toBe('allow');
  });
});

describe('what is not understood', () => {
  const all = '@id("read") permit(principal, action in [Action::"read", Action::"write"], resource);';

  it('needs leave for unknown, besides what was understood', () => {
    expect(ruling(all, [read], { reading: 'opaque' })).toMatchObject({ kind: 'deny', say: 'no rule permits unknown on other:?' });
    expect(ruling(`${all} @id("u") permit(principal, action == Action::"unknown", resource);`, [read], { reading: 'opaque' })).toMatchObject({ kind: 'allow', rules: ['read', 'u'] });
  });

  it('includes a command that seems to do nothing', () => {
    expect(ruling(all, []).kind).toBe('deny');
  });

  it('is worth every tag of the target', () => {
    const text = '@id("u") permit(principal, action == Action::"unknown", resource) unless { resource.tags.contains("us.ssn") };';
    expect(ruling(text, [], { reading: 'opaque' }).kind).toBe('deny');
  });

  it('is denied when the evaluation fails, whatever else permits', () => {
    const text = '@id("all") permit(principal, action, resource); @id("bad") permit(principal, action, resource is Object) when { context has limit && context.limit + 9223372036854775807 > 0 };';
    expect(ruling(text, [read], { facts: { limit: 1 } })).toMatchObject({ kind: 'deny', rules: [], say: 'the policy could not be evaluated' });
    expect(ruling(text, [read]).kind).toBe('allow');
  });

  it('is denied when the source is not an address', () => {
    expect(ruling('@id("all") permit(principal, action, resource); @id("out") forbid(principal, action, resource) when { context.source.isMulticast() };', [read], { source: 'somewhere' })).toMatchObject({ kind: 'deny', say: 'the policy could not be evaluated' });
  });

  it('is denied when it touches too many objects', () => {
    const many = Array.from({ length: maxEffects + 1 }, (_, i) => effect('read', `ledger.t${i}`));
    expect(ruling(readLedger, many)).toMatchObject({ kind: 'deny', say: expect.stringMatching(/more than/) });
    expect(ruling(readLedger, [...Array.from({ length: 5000 }, () => read)]).kind).toBe('allow');
  });

  it('is still decided when rules are as deep and long as they may be', () => {
    const text = `@id("deep") permit(principal, action, resource) when { ${'('.repeat(maxNesting - 2)}true${')'.repeat(maxNesting - 2)} };
      @id("long") forbid(principal, action, resource) when { 1${' + 1'.repeat(maxOperators - 4)} == 1 };
      @id("ifs") forbid(principal, action, resource is Object) when { ${'if resource.large then false else '.repeat(Math.floor(maxOperators / 2) - 2)}principal.kind == "ci" };`;
    expect(ruling(text, [read])).toMatchObject({ kind: 'allow', rules: ['deep'] });
  });
});

describe('approval', () => {
  const permitAll = '@id("all") permit(principal, action, resource in Target::"ledger-db");';
  const holdDdl = '@id("ddl") @reason("schema changes are approved by a DBA") @approvers("dba") forbid(principal, action == Action::"define", resource) unless { context.approval };';

  it('holds what a forbid denies only for want of approval', () => {
    expect(ruling(permitAll + holdDdl, [drop])).toMatchObject({
      kind: 'hold', rules: ['ddl'], say: 'schema changes are approved by a DBA', approvers: [{ group: 'dba', count: 1 }], expiresIn: 900, obligations: { maxRows: null, maxBytes: null },
    });
    expect(ruling(permitAll + holdDdl, [write]).kind).toBe('allow');
  });

  it('holds what a permit gives only with approval', () => {
    const text = '@id("w") @approvers("dba") @quorum("2") @expires("1h") @max_rows("10") permit(principal, action == Action::"write", resource) when { context.approval };';
    expect(ruling(text, [write])).toMatchObject({ kind: 'hold', rules: ['w'], approvers: [{ group: 'dba', count: 2 }], expiresIn: 3600, obligations: { maxRows: 10, maxBytes: null } });
  });

  it('denies what approval does not change', () => {
    expect(ruling(holdDdl, [drop])).toMatchObject({ kind: 'deny', rules: ['ddl'] });
    expect(ruling(`${permitAll}${holdDdl} @id("never") forbid(principal, action == Action::"define", resource);`, [drop])).toMatchObject({ kind: 'deny', rules: ['ddl', 'never'] });
  });

  it('takes the strictest terms of all rules that hold', () => {
    const text = `${permitAll}
      @id("h1") @approvers("dba, risk") @quorum("1") @expires("2h") forbid(principal, action, resource is Object) unless { context.approval };
      @id("h2") @approvers("dba") @quorum("3") @expires("10m") forbid(principal, action == Action::"define", resource) unless { context.approval };`;
    expect(ruling(text, [drop])).toMatchObject({ kind: 'hold', rules: ['h1', 'h2'], approvers: [{ group: 'dba', count: 3 }, { group: 'risk', count: 1 }], expiresIn: 600 });
  });

  it('takes the strictest terms of all effects, and names only the rules that hold', () => {
    const text = `${permitAll}
      @id("w") @reason("writes") @approvers("dba") @quorum("2") forbid(principal, action == Action::"write", resource) unless { context.approval };
      @id("d") @reason("ddl") @approvers("risk") @expires("1m") forbid(principal, action == Action::"define", resource) unless { context.approval };`;
    expect(ruling(text, [read, write, drop])).toMatchObject({
      kind: 'hold', rules: ['d', 'w'], say: 'writes; ddl', approvers: [{ group: 'dba', count: 2 }, { group: 'risk', count: 1 }], expiresIn: 60,
    });
  });

  it('does not hold when another effect is denied', () => {
    expect(ruling(`${permitAll}${holdDdl} @id("no") forbid(principal, action == Action::"grant", resource);`, [drop, effect('grant', 'ledger.customers')])).toMatchObject({ kind: 'deny', rules: ['no'] });
  });

  it('asks nobody that a permit names when a plain permit gives the same', () => {
    const text = `${permitAll}${holdDdl} @id("p") @approvers("ceo") permit(principal, action, resource is Object) when { context.approval };`;
    expect(ruling(text, [drop])).toMatchObject({ kind: 'hold', rules: ['ddl'], approvers: [{ group: 'dba', count: 1 }] });
  });

  it('asks both, the forbid’s and the permit’s, when neither goes without', () => {
    const text = `${holdDdl} @id("p") @approvers("ceo") permit(principal, action, resource is Object) when { context.approval };`;
    expect(ruling(text, [drop])).toMatchObject({ kind: 'hold', rules: ['ddl', 'p'], approvers: [{ group: 'ceo', count: 1 }, { group: 'dba', count: 1 }] });
  });

  it('is denied when a rule that would hold names nobody', () => {
    const text = `${permitAll}${holdDdl} @id("mute") forbid(principal, action == Action::"define", resource) unless { context.approval };`;
    expect(ruling(text, [drop])).toMatchObject({ kind: 'deny', rules: ['ddl', 'mute'], say: 'define on ledger.customers needs approval, but rule mute names nobody who could give it' });
  });
});

describe('limits', () => {
  it('are the lowest of every permit of every effect', () => {
    const text = `@id("a") @max_rows("1000") permit(principal, action, resource);
      @id("b") @max_rows("50") @max_bytes("4096") permit(principal, action == Action::"read", resource in Schema::"ledger-db/ledger");`;
    expect(ruling(text, [read])).toMatchObject({ kind: 'allow', rules: ['a', 'b'], obligations: { maxRows: 50, maxBytes: 4096 } });
    expect(ruling(text, [effect('read', 'public.x')])).toMatchObject({ obligations: { maxRows: 1000, maxBytes: null } });
    expect(ruling(text, [effect('read', 'public.x'), read])).toMatchObject({ obligations: { maxRows: 50, maxBytes: 4096 } });
  });
});

describe('explaining', () => {
  it('shows each effect with its verdict', () => {
    const { decision, effects } = explain(compiledOf(readLedger), { means: means([read, write]), session, objects: plan, now: sunday });
    expect(decision.kind).toBe('deny');
    expect(effects.map((one) => [one.effect.verb, one.verdict.kind])).toEqual([['read', 'allow'], ['write', 'deny']]);
  });
});
