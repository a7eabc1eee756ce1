import { verbs, type Effect, type Facts, type ResourceKind, type Verb } from '@sallyport/domain-model';
import { CaseError, type PolicyCase } from './cases.ts';
import { isObject } from './expressions.ts';
import type { MachineFacts, PartyFacts, PersonFacts, TargetFacts } from './slice.ts';

/**
 * Reads parsed YAML: `machines`, `people` and `targets` by name (or taken from `inventory`), and `cases`. Throws CaseError.
 *
 *     machines: { nightly-ledger: { groups: [batch], environment: production } }
 *     targets:  { ledger-db: { kind: postgres, environment: production } }
 *     cases:
 *       - name: the nightly job may not drop tables
 *         machine: nightly-ledger
 *         target: ledger-db
 *         statement: drop table ledger.customers
 *         expect: { decision: deny, rules: [no-ddl] }
 *
 * With `behalf: person:alice` (or `machine:x`) the machine acts on somebody's behalf; `people: { alice: { groups: [finance] } }`.
 */
export function readCases(value: unknown, inventory: { readonly machines?: ReadonlyMap<string, MachineFacts>; readonly people?: ReadonlyMap<string, PersonFacts>; readonly targets?: ReadonlyMap<string, TargetFacts> } = {}): readonly PolicyCase[] {
  const file = fields(value, 'the file', ['machines', 'people', 'targets', 'cases']);
  const machines = new Map(inventory.machines ?? []);
  const people = new Map(inventory.people ?? []);
  const targets = new Map(inventory.targets ?? []);
  for (const [name, one] of Object.entries(fields(file['machines'] ?? {}, 'machines', null))) machines.set(name, machineOf(name, one));
  for (const [name, one] of Object.entries(fields(file['people'] ?? {}, 'people', null))) people.set(name, personOf(name, one));
  for (const [name, one] of Object.entries(fields(file['targets'] ?? {}, 'targets', null))) targets.set(name, targetOf(name, one));
  const cases = file['cases'];
  if (!Array.isArray(cases) || cases.length === 0) throw new CaseError('cases: must be a list of at least one case');
  return cases.map((one: unknown, i) => caseOf(one, `cases[${i}]`, { machines, people, targets }));
}

interface Named {
  readonly machines: ReadonlyMap<string, MachineFacts>;
  readonly people: ReadonlyMap<string, PersonFacts>;
  readonly targets: ReadonlyMap<string, TargetFacts>;
}

function caseOf(value: unknown, path: string, named: Named): PolicyCase {
  const { machines, targets } = named;
  const one = fields(value, path, ['name', 'machine', 'behalf', 'target', 'role', 'source', 'at', 'statement', 'effects', 'facts', 'expect']);
  const machine = machines.get(text(one['machine'], `${path}.machine`));
  if (machine === undefined) throw new CaseError(`${path}.machine: there is no machine of this name`);
  const target = targets.get(text(one['target'], `${path}.target`));
  if (target === undefined) throw new CaseError(`${path}.target: there is no target of this name`);
  const at = one['at'] === undefined ? Date.UTC(2026, 0, 7, 12) : Date.parse(text(one['at'], `${path}.at`));
  if (Number.isNaN(at)) throw new CaseError(`${path}.at: must be a time like 2026-11-22T10:00:00Z`);
  if ((one['statement'] === undefined) === (one['effects'] === undefined)) throw new CaseError(`${path}: needs either statement or effects`);
  return {
    name: one['name'] === undefined ? path : text(one['name'], `${path}.name`),
    machine,
    ...(one['behalf'] === undefined ? {} : { behalf: behalfOf(text(one['behalf'], `${path}.behalf`), `${path}.behalf`, named) }),
    target,
    role: one['role'] === undefined ? null : text(one['role'], `${path}.role`),
    source: one['source'] === undefined ? '127.0.0.1' : text(one['source'], `${path}.source`),
    at,
    statement: one['statement'] === undefined ? null : text(one['statement'], `${path}.statement`),
    effects: one['effects'] === undefined ? [] : texts(one['effects'], `${path}.effects`).map((effect) => effectOf(effect, `${path}.effects`)),
    facts: factsOf(one['facts'] ?? {}, `${path}.facts`),
    expect: expectOf(one['expect'], `${path}.expect`),
  };
}

function behalfOf(written: string, path: string, { machines, people }: Named): PartyFacts {
  const [kind, ...rest] = written.split(':');
  const name = rest.join(':');
  const person = kind === 'person' ? people.get(name) : undefined;
  const machine = kind === 'machine' ? machines.get(name) : undefined;
  if (person !== undefined) return { is: 'person', facts: person };
  if (machine !== undefined) return { is: 'machine', facts: machine };
  throw new CaseError(`${path}: there is no ${JSON.stringify(written)}; write person:NAME or machine:NAME of somebody in this file or the inventory`);
}

function expectOf(value: unknown, path: string): PolicyCase['expect'] {
  const one = fields(value, path, ['decision', 'rules', 'approvers']);
  const decision = text(one['decision'], `${path}.decision`);
  if (decision !== 'allow' && decision !== 'deny' && decision !== 'hold') throw new CaseError(`${path}.decision: must be allow, deny or hold`);
  return {
    decision,
    rules: one['rules'] === undefined ? null : texts(one['rules'], `${path}.rules`),
    approvers: one['approvers'] === undefined ? null : texts(one['approvers'], `${path}.approvers`),
  };
}

const kinds: readonly ResourceKind[] = ['sequence', 'function', 'schema', 'database', 'role', 'type', 'setting', 'session', 'server', 'file', 'program', 'remote', 'other'];
/** Kinds whose names stand in a schema. */
const inSchema: readonly ResourceKind[] = ['sequence', 'function', 'type'];

/** `write ledger.customers`, `execute function:pg_catalog.now`, `control session:begin`. */
function effectOf(written: string, path: string): Effect {
  const space = written.indexOf(' ');
  const verb: Verb | undefined = verbs.find((one) => one === written.slice(0, space));
  if (verb === undefined) throw new CaseError(`${path}: ${JSON.stringify(written)} must be a verb and an object, like "write ledger.customers"; the verbs are ${verbs.join(' ')}`);
  const object = written.slice(space + 1).trim();
  const kind: ResourceKind = kinds.find((one) => object.startsWith(`${one}:`)) ?? 'table';
  const name = kind === 'table' ? object : object.slice(kind.length + 1);
  const dot = name.indexOf('.');
  if (kind !== 'table' && !inSchema.includes(kind)) return { verb, resource: { kind, schema: null, name } };
  if (dot < 1 || dot === name.length - 1) throw new CaseError(`${path}: ${JSON.stringify(written)} must name the schema, like "write ledger.customers"`);
  return { verb, resource: { kind, schema: name.slice(0, dot), name: name.slice(dot + 1) } };
}

function factsOf(value: unknown, path: string): Facts {
  const one = fields(value, path, ['kind', 'hasWhere', 'hasLimit', 'limit', 'copiesOut', ...shellFlags, 'programs', 'sets', 'recogniser']);
  const flag = (member: string): boolean | undefined => {
    const given = one[member];
    if (given === undefined || typeof given === 'boolean') return given;
    throw new CaseError(`${path}.${member}: must be true or false`);
  };
  const limit = one['limit'];
  if (limit !== undefined && (typeof limit !== 'number' || !Number.isSafeInteger(limit))) throw new CaseError(`${path}.limit: must be a whole number`);
  const hasWhere = flag('hasWhere');
  const hasLimit = flag('hasLimit');
  const copiesOut = flag('copiesOut');
  return {
    kind: one['kind'] === undefined ? '' : text(one['kind'], `${path}.kind`),
    ...(hasWhere === undefined ? {} : { hasWhere }),
    ...(hasLimit === undefined ? {} : { hasLimit }),
    ...(limit === undefined ? {} : { limit }),
    ...(copiesOut === undefined ? {} : { copiesOut }),
    ...Object.fromEntries(shellFlags.map((name) => [name, flag(name)]).filter(([, given]) => given !== undefined)),
    ...(one['programs'] === undefined ? {} : { programs: texts(one['programs'], `${path}.programs`) }),
    ...(one['sets'] === undefined ? {} : { sets: texts(one['sets'], `${path}.sets`) }),
    ...(one['recogniser'] === undefined ? {} : { recogniser: text(one['recogniser'], `${path}.recogniser`) }),
  };
}

const shellFlags = ['hasPipe', 'hasRedirect', 'recursive', 'elevates', 'isInteractive'] as const;

function machineOf(name: string, value: unknown): MachineFacts {
  const path = `machines.${name}`;
  const one = fields(value, path, ['owner', 'environment', 'criticality', 'kind', 'groups']);
  const or = (member: string, otherwise: string) => (one[member] === undefined ? otherwise : text(one[member], `${path}.${member}`));
  return {
    name, owner: or('owner', 'nobody'), environment: or('environment', 'production'), criticality: or('criticality', 'medium'), kind: or('kind', 'service'),
    groups: one['groups'] === undefined ? [] : texts(one['groups'], `${path}.groups`),
  };
}

function personOf(name: string, value: unknown): PersonFacts {
  const one = fields(value, `people.${name}`, ['groups']);
  return { name, groups: one['groups'] === undefined ? [] : texts(one['groups'], `people.${name}.groups`) };
}

function targetOf(name: string, value: unknown): TargetFacts {
  const path = `targets.${name}`;
  const one = fields(value, path, ['kind', 'environment', 'tags']);
  const or = (member: string, otherwise: string) => (one[member] === undefined ? otherwise : text(one[member], `${path}.${member}`));
  return { name, kind: or('kind', 'postgres'), environment: or('environment', 'production'), tags: one['tags'] === undefined ? [] : texts(one['tags'], `${path}.tags`) };
}

function fields(value: unknown, path: string, allowed: readonly string[] | null): Readonly<Record<string, unknown>> {
  if (!isObject(value)) throw new CaseError(`${path}: must be a mapping`);
  const stranger = allowed === null ? undefined : Object.keys(value).find((member) => !allowed.includes(member));
  if (stranger !== undefined) throw new CaseError(`${path}: ${JSON.stringify(stranger)} is not known; allowed are ${allowed?.join(', ') ?? ''}`);
  return value;
}

function text(value: unknown, path: string): string {
  if (typeof value !== 'string') throw new CaseError(`${path}: must be text`);
  return value;
}

function texts(value: unknown, path: string): readonly string[] {
  if (!Array.isArray(value)) throw new CaseError(`${path}: must be a list`);
  return value.map((one: unknown, i) => text(one, `${path}[${i}]`));
}
