import { verbs, type Verb } from '@sallyport/domain-model';

/**
 * What a policy may say. Entity ids: `Machine::"nightly-ledger"`, `Group::"batch"`, `Target::"ledger-db"`,
 * `Schema::"ledger-db/ledger"`, `Object::"ledger-db/ledger.customers"`, `Object::"ledger-db/function:pg_catalog.now"`,
 * `Column::"ledger-db/ledger.customers.ssn"`.
 *
 * A person is somebody on whose behalf a machine acts. A permit speaks of people only when its head says so (`principal is Person`, `principal == Person::"alice"`); a forbid
 * speaks of them unless its head says `principal is Machine`. They have the attributes of machines, so that every forbid can be asked of them: `kind` is `person`, `owner`
 * themselves, the others are empty.
 *
 * Time is UTC and in whole minutes: `now` has no seconds, so that a decision holds for the minute in which it was made.
 */
export const schemaText = `
entity Group;
entity Machine in [Group] = { owner: String, environment: String, criticality: String, kind: String };
entity Person in [Group] = { owner: String, environment: String, criticality: String, kind: String };

entity Target = { kind: String, environment: String, tags: Set<String> };
entity Schema in [Target];
entity Object in [Schema, Target] = { kind: String, schema: String, name: String, tags: Set<String>, large: Bool, target: Target };
entity Column in [Object, Schema, Target] = { tag: String, name: String, target: Target };

type Session = {
  protocol: String, role?: String, source: ipaddr, client?: String,
  now: datetime, hour: Long, minuteOfDay: Long, weekday: Long, date: String
};
type Statement = {
  protocol: String, role?: String, source: ipaddr, client?: String,
  now: datetime, hour: Long, minuteOfDay: Long, weekday: Long, date: String,
  reading: String, kind: String, hasWhere?: Bool, hasLimit?: Bool, limit?: Long, copiesOut?: Bool,
  programs?: Set<String>, sets?: Set<String>, hasPipe?: Bool, hasRedirect?: Bool, recursive?: Bool, elevates?: Bool, isInteractive?: Bool, recogniser?: String,
  approval: Bool
};

action change;
action connect appliesTo { principal: [Machine, Person], resource: [Target], context: Session };
action unmask appliesTo { principal: [Machine, Person], resource: [Column], context: Session };
action read appliesTo { principal: [Machine, Person], resource: [Object], context: Statement };
action write, execute, control, transfer, shell, define, grant, unknown in [change]
  appliesTo { principal: [Machine, Person], resource: [Object], context: Statement };
`;

/** What a rule can apply to. `change` is the group of all verbs but `read`. */
export const actions = ['connect', 'unmask', ...verbs] as const;
export type Action = 'connect' | 'unmask' | Verb;

/** The actions that a name in a rule stands for; empty for a name that the schema does not know. */
export function actionsNamed(name: string): readonly Action[] {
  if (name === 'change') return verbs.filter((verb) => verb !== 'read');
  return actions.filter((action) => action === name);
}

/** Context attributes that change with the time. */
export const timeAttributes = ['now', 'hour', 'minuteOfDay', 'weekday', 'date'] as const;
