import { isOf, type Told } from '../follow/told.ts';
import { mostSteps } from './cadence.ts';
import { clientNamed, peoplesClient } from './clients.ts';
import { effectName } from './effect-name.ts';
import { hasHistory, hourOf, isNewTarget, isOddHour, mostKnown } from './habits.ts';
import { signsOf } from './human-use.ts';
import { bindingKey, type Done, type Memory, type Profile, type Session } from './memory.ts';
import { dayOf, momentOf } from './moment.ts';
import { networkOf } from './network.ts';
import { runtimeOf, shortHash } from './runtime.ts';
import { sharedAt } from './shared-binding.ts';
import { plain, type Sighting } from './sighting.ts';

/** What the memory has to know before a page is folded. */
export interface Needs {
  readonly sessions: ReadonlySet<string>;
  readonly machines: ReadonlySet<string>;
  readonly done: readonly Done[];
  /** `machine`, NUL, binding. */
  readonly bindings: ReadonlySet<string>;
}

export function needsOf(page: readonly Told[]): Needs {
  const sessions = new Set<string>();
  const machines = new Set<string>();
  const bindings = new Set<string>();
  const done: Done[] = [];
  for (const told of page) {
    if (!watched.has(told.event.type)) continue;
    sessions.add(sessionOf(told));
    const machine = machineOf(told);
    if (machine === '') continue;
    machines.add(machine);
    if (isOf(told, 'auth.ok')) bindings.add(bindingKey(machine, plain(text(told.event.d.binding))));
    if (isOf(told, 'command.decided')) done.push(...doneBy(told, machine).map(({ done: one }) => one));
  }
  return { sessions, machines, bindings, done };
}

const watched: ReadonlySet<string> = new Set(['auth.ok', 'session.opened', 'session.closed', 'session.abandoned', 'command.decided', 'command.settled', 'recording.started']);

/**
 * Goes through a page, event by event, and says what looks wrong in it. The same events give the same whatever pages they come in: all that is known of the past is in the memory, and the clock is the events'.
 * @param kindOf of a machine, as the inventory has it; null where it is not known
 */
export function fold(memory: Memory, page: readonly Told[], kindOf: (machine: string) => string | null): Sighting[] {
  const sightings: Sighting[] = [];
  for (const told of page) {
    if (isOf(told, 'auth.replay')) sightings.push(replayed(told));
    if (!watched.has(told.event.type)) continue;
    const at = momentOf(told);
    const id = sessionOf(told);
    const session = memory.sessions.get(id);
    if (isOf(told, 'auth.ok')) sightings.push(...cameBy(memory, told, at));
    else if (isOf(told, 'session.opened')) sightings.push(...opened(memory, told, at));
    else if (isOf(told, 'command.decided')) sightings.push(...decided(memory, told, at));
    else if (session === undefined) continue;
    else if (isOf(told, 'session.closed') || isOf(told, 'session.abandoned')) closed(memory, session, at);
    else if (isOf(told, 'command.settled')) settled(memory, session, told);
    else if (isOf(told, 'recording.started')) memory.session(id, at).terminal ||= told.event.d.kind === 'terminal' && typeof told.event.d.term === 'string';
    const used = memory.sessions.get(id);
    if (used !== undefined && !isOf(told, 'auth.ok')) sightings.push(...usedByPerson(memory, used, at, kindOf));
  }
  return sightings;
}

/** A login: from where, by which binding. One without a session is an exchange of tokens, and stands for itself. */
function cameBy(memory: Memory, told: Told<'auth.ok'>, at: number): Sighting[] {
  const { d, who } = told.event;
  const machine = machineOf(told);
  if (machine === '') return [];
  const session = memory.session(sessionOf(told), at);
  if (session.binding !== '') return [];
  const claims = typeof d.claims === 'object' && d.claims !== null ? d.claims : {};
  const token = text(who?.tok);
  Object.assign(session, { machine, binding: plain(text(d.binding)), network: networkOf(text(d.source)) ?? '', runtime: runtimeOf(claims), token: token === '' ? '' : shortHash(token) });
  if (session.binding === '') return [];
  const place = memory.placeOf(session);
  if (session.opened && !session.closed) place.open++;
  else {
    session.until = Math.max(session.until, at);
    place.until = Math.max(place.until, session.until);
  }
  return sharedAt(memory, session, at);
}

function opened(memory: Memory, told: Told<'session.opened'>, at: number): Sighting[] {
  const machine = machineOf(told);
  const target = targetOf(told);
  if (machine === '' || target === '') return [];
  const session = memory.session(sessionOf(told), at);
  if (session.opened) return [];
  Object.assign(session, { machine, target, opened: true, client: peoplesClient(typeof told.event.d.client === 'string' ? told.event.d.client : null)?.name ?? null });
  if (!session.closed) {
    session.until = Number.POSITIVE_INFINITY;
    if (session.binding !== '') memory.placeOf(session).open++;
  }
  const known = memory.profilesOf(machine).get(target);
  session.oddHour = known !== undefined && isOddHour(known, at);
  const fresh = isNewTarget(memory, machine, target, at);
  profileOf(memory, machine, target, at);
  return fresh ? [newBehaviour(session, 'connect', at)] : [];
}

function closed(memory: Memory, session: Session, at: number): void {
  if (session.closed) return;
  memory.changedSessions.add(session);
  if (session.opened && session.binding !== '') memory.placeOf(session).open--;
  session.closed = true;
  session.until = at;
  if (session.binding === '') return;
  const place = memory.placeOf(session);
  place.until = Math.max(place.until, at);
}

function decided(memory: Memory, told: Told<'command.decided'>, at: number): Sighting[] {
  const machine = machineOf(told);
  const target = targetOf(told);
  if (machine === '' || target === '') return [];
  const session = memory.session(sessionOf(told), at);
  if (session.machine === '') Object.assign(session, { machine, target });
  const { d, t } = told.event;
  const asked = step(session, text(d.command).slice(0, 36), t.mono_us);
  session.shell ||= d.kind === 'shell' && d.decision === 'allow';
  const day = dayOf(at);
  const profile = profileOf(memory, machine, target, at);
  const history = hasHistory(profile, at);
  const sightings: Sighting[] = [];
  for (const { done, effect } of doneBy(told, machine)) {
    const known = memory.wasDone(done);
    const of = effect === null ? 'statements' : 'effects';
    if (!known && profile[of] >= mostKnown) continue;
    memory.do(done, day);
    if (known) continue;
    profile[of]++;
    if (!history) continue;
    if (effect === null) session.unseen++;
    else sightings.push(newBehaviour(session, effect, at));
  }
  memory.changedProfiles.add(profile);
  if (asked) profile.commands++;
  profile.hours |= 1 << hourOf(at);
  if (day > profile.lastDay) {
    profile.days++;
    profile.lastDay = day;
  }
  return sightings;
}

/** @returns false for a command that was asked about before: held, and then approved, which took the time of others */
function step(session: Session, command: string, at: number): boolean {
  const last = session.steps.at(-1);
  const known = session.steps.some((one) => one.command === command);
  const time = Number.isSafeInteger(at) ? at : 0;
  if (last?.command === command) last.at = time;
  else if (!known && session.steps.length < mostSteps) session.steps.push({ command, asked: time, at: time, ran: null });
  return !known;
}

function settled(memory: Memory, session: Session, told: Told<'command.settled'>): void {
  if (!Array.isArray(told.event.d.results)) return;
  for (const result of told.event.d.results) {
    const command = text(result?.command).slice(0, 36);
    const one = command === '' ? undefined : session.steps.find((known) => known.command === command);
    if (one === undefined || !Number.isSafeInteger(result.micros)) continue;
    one.ran = result.micros;
    memory.changedSessions.add(session);
  }
}

function usedByPerson(memory: Memory, session: Session, at: number, kindOf: (machine: string) => string | null): Sighting[] {
  if (session.told || !session.opened) return [];
  const found = signsOf(session, clientNamed(session.client), kindOf(session.machine));
  if (found === null) return [];
  memory.changedSessions.add(session);
  session.told = true;
  const { machine, target, session: id } = session;
  return [{ kind: 'human_use', machine, what: target, item: found.item, session: id, at, say: `${machine} is used at ${target} as people work`, facts: found.signs, tells: { kind: 'human_use', session: id, signs: found.signs } }];
}

function newBehaviour({ machine, target, session }: Session, effect: string, at: number): Sighting {
  return { kind: 'new_behaviour', machine, what: target, item: effect, session, at, say: `${machine} does at ${target} what it never did before`, facts: [effect], tells: { kind: 'new_behaviour', target, effect, session } };
}

function replayed(told: Told<'auth.replay'>): Sighting {
  const machine = machineOf(told);
  const { d } = told.event;
  const [named, source, first] = [plain(text(d.binding)), plain(text(d.source), 64), plain(text(d.first_source), 64)];
  // The binding of a person is his name, which stands in no plain field.
  const binding = machine === '' ? 'a person' : named;
  return {
    kind: 'replay', machine, what: machine === '' ? shortHash(named) : named, item: `${source} ${first}`, session: null, at: momentOf(told), say: `tokens of ${binding} came again`, facts: [`from ${source}, first from ${first}`],
    tells: { kind: 'replay', binding, source, first },
  };
}

/** What a command did, to be compared with what was done before: its effects where it was allowed, and its shape. Nothing of what is not compared. */
function doneBy(told: Told<'command.decided'>, machine: string): { readonly done: Done; readonly effect: string | null }[] {
  const { d } = told.event;
  const target = targetOf(told);
  const effects = Array.isArray(d.effects) ? d.effects.filter((effect) => typeof effect === 'string').slice(0, 200) : [];
  const names = [...new Set(effects.map(effectName))].filter((name) => name !== null).map((name) => plain(name, 440));
  if (target === '' || names.length === 0) return [];
  const shape = text(d.shape) === '' ? text(d.fingerprint) : text(d.shape);
  return [
    ...(d.decision === 'allow' ? names.map((effect) => ({ done: { machine, target, what: `e${shortHash(effect)}` }, effect })) : []),
    ...(shape === '' ? [] : [{ done: { machine, target, what: `s${shortHash(shape)}` }, effect: null }]),
  ];
}

function profileOf(memory: Memory, machine: string, target: string, at: number): Profile {
  const known = memory.profilesOf(machine).get(target);
  if (known !== undefined) return known;
  const profile = memory.keepProfile({ machine, target, first: at, days: 0, lastDay: -1, commands: 0, effects: 0, statements: 0, hours: 0 });
  memory.changedProfiles.add(profile);
  return profile;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function machineOf({ event: { who } }: Told): string {
  const id = text(who?.id);
  return id.startsWith('machine:') ? plain(id.slice('machine:'.length), 63) : '';
}

const targetOf = ({ event }: Told): string => plain(text(event.on?.target), 128);

/** The session that an event is about; a login that is for none has its own event's id. */
function sessionOf(told: Told): string {
  if (isOf(told, 'auth.ok')) return plain(text(told.event.d.session), 64) || `login:${plain(text(told.event.id), 64)}`;
  if (isOf(told, 'session.abandoned')) return plain(text(told.event.d.session), 64);
  return plain(told.event.sid, 64);
}
