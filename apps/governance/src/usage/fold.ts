import { keepsHiddenSay } from '@sallyport/engine-session';
import type { CommandDecided, Envelope } from '@sallyport/domain-events';
import { isOf, type Told } from '../follow/told.ts';
import { objectOf, verbOf } from './roll-up.ts';

/** What a session's commands do not say themselves. `role` is empty where none was asked for. */
export interface SessionSeen {
  readonly session: string;
  readonly machine: string;
  readonly target: string;
  readonly role: string;
  readonly protocol: string;
  readonly opened: Date;
}

/** Use of one object on one day. */
export interface Used {
  readonly machine: string;
  readonly target: string;
  readonly role: string;
  readonly verb: string;
  readonly object: string;
  readonly day: string;
  commands: number;
  allowed: number;
  denied: number;
  held: number;
  first: number;
  last: number;
}

/** One distinct decision on one day. */
export interface Decided {
  readonly machine: string;
  readonly target: string;
  readonly role: string;
  readonly protocol: string;
  readonly reading: string;
  readonly kind: string;
  readonly effects: readonly string[];
  readonly decision: CommandDecided['decision'];
  readonly byGate: boolean;
  readonly rules: readonly string[];
  readonly day: string;
  policy: number;
  commands: number;
  example: string;
  last: number;
}

export interface Folded {
  readonly opened: readonly SessionSeen[];
  readonly ended: readonly string[];
  readonly used: readonly Used[];
  readonly decided: readonly Decided[];
}

/** The chains of a page whose commands need to know their session. */
export function sessionsOf(page: readonly Told[]): readonly string[] {
  return [...new Set(page.filter((told) => isOf(told, 'command.decided')).map(({ event }) => event.sid))];
}

/**
 * Adds a page up. A command counts once, however often it is asked about: what was held and then approved is one command, held and allowed. Every effect of a command counts
 * as its command was decided. A session counts as use of the verb `connect`; so does one that was refused, as denied.
 */
export function fold(page: readonly Told[], known: ReadonlyMap<string, SessionSeen>): Folded {
  const sessions = new Map(known);
  const opened: SessionSeen[] = [];
  const ended: string[] = [];
  const used = new Map<string, Used>();
  const decided = new Map<string, Decided>();
  for (const told of page) {
    const machine = machineOf(told.event);
    if (isOf(told, 'session.closed')) ended.push(told.event.sid);
    else if (isOf(told, 'session.abandoned')) ended.push(told.event.d.session);
    else if (machine === null) continue;
    else if (isOf(told, 'session.opened')) {
      const { at, day } = timeOf(told);
      const { protocol, role, policy } = told.event.d;
      const seen: SessionSeen = { session: told.event.sid, machine, target: told.event.on?.target ?? '?', role: (role ?? '').slice(0, 63), protocol, opened: new Date(at) };
      sessions.set(seen.session, seen);
      opened.push(seen);
      use(used, { ...seen, verb: 'connect', object: '', day }, 'allow', at, true);
      take(decided, { ...seen, reading: 'whole', kind: 'connect', effects: ['connect'], decision: 'allow', byGate: false, rules: [], day }, policy, told.event.sid, at);
    } else if (isOf(told, 'session.refused')) {
      const { at, day } = timeOf(told);
      use(used, { machine, target: told.event.d.target.slice(0, 63), role: '', verb: 'connect', object: '', day }, 'deny', at, true);
    } else if (isOf(told, 'command.decided')) {
      const { d, sid, on, auth } = told.event;
      const { at, day } = timeOf(told);
      const of = sessions.get(sid) ?? { machine, target: on?.target ?? '?', role: '', protocol: on?.kind ?? '?' };
      // The hold was told before, as an event of its own.
      const approved = (auth?.approval ?? null) !== null && d.decision === 'allow';
      for (const effect of d.effects) use(used, { ...of, verb: verbOf(effect), object: objectOf(effect), day }, d.decision, at, !approved);
      if (approved) continue;
      // In a session on somebody's behalf: what policy said of the machine by itself, because that is what a draft is held against.
      const own = d.sides?.machine ?? d;
      const byGate = d.decision === 'deny' && d.rules.length === 0 && d.say === keepsHiddenSay;
      take(decided, { ...of, reading: d.reading, kind: d.kind, effects: d.effects, decision: own.decision, byGate, rules: own.rules, day }, auth?.policy ?? 0, d.command, at);
    }
  }
  return { opened, ended, used: [...used.values()], decided: [...decided.values()] };
}

function use(into: Map<string, Used>, { machine, target, role, verb, object, day }: Pick<Used, 'machine' | 'target' | 'role' | 'verb' | 'object' | 'day'>, decision: CommandDecided['decision'], at: number, first: boolean): void {
  const key = `${machine}\0${target}\0${role}\0${verb}\0${day}\0${object}`;
  let row = into.get(key);
  if (row === undefined) into.set(key, (row = { machine, target, role, verb, object, day, commands: 0, allowed: 0, denied: 0, held: 0, first: at, last: at }));
  if (first) row.commands++;
  if (decision === 'allow') row.allowed++;
  else if (decision === 'deny') row.denied++;
  else row.held++;
  row.first = Math.min(row.first, at);
  row.last = Math.max(row.last, at);
}

function take(into: Map<string, Decided>, { machine, target, role, protocol, reading, kind, effects, decision, byGate, rules, day }: Omit<Decided, 'policy' | 'commands' | 'example' | 'last'>, policy: number, example: string, at: number): void {
  const key = `${machine}\0${target}\0${role}\0${protocol}\0${reading}\0${kind}\0${decision}\0${byGate}\0${day}\0${rules.join('\0')}\0\0${effects.join('\0')}`;
  const row = into.get(key);
  if (row === undefined) return void into.set(key, { machine, target, role, protocol, reading, kind, effects, decision, byGate, rules, day, policy, commands: 1, example, last: at });
  row.commands++;
  row.policy = Math.max(row.policy, policy);
  row.last = Math.max(row.last, at);
}

function machineOf({ who }: Envelope): string | null {
  return who !== null && who.id.startsWith('machine:') ? who.id.slice('machine:'.length) : null;
}

/** When it happened, as its producer says; when the ledger took it where that cannot be read. */
function timeOf({ event, received }: Told): { readonly at: number; readonly day: string } {
  const told = Date.parse(event.t.wall);
  const at = Number.isNaN(told) ? received : told;
  return { at, day: new Date(at).toISOString().slice(0, 10) };
}
