import type { Step } from './cadence.ts';

/** A session, or a login without one, as far as detections look at it. Times are milliseconds since 1970. */
export interface Session {
  readonly session: string;
  machine: string;
  target: string;
  /** By what a client of people is called, or null. */
  client: string | null;
  /** `machine/binding`, empty while it is not known by which it came. */
  binding: string;
  network: string;
  runtime: string;
  token: string;
  opened: boolean;
  closed: boolean;
  seen: number;
  /** The end, or the last that is known of it; Infinity while it is open. */
  until: number;
  shell: boolean;
  terminal: boolean;
  oddHour: boolean;
  /** Statements that its machine had never run at its target. */
  unseen: number;
  readonly steps: Step[];
  /** That a person used it was told. */
  told: boolean;
}

/** What a machine's use of a target is like. Days are counted since 1970, hours are bits. */
export interface Profile {
  readonly machine: string;
  readonly target: string;
  readonly first: number;
  days: number;
  lastDay: number;
  commands: number;
  effects: number;
  statements: number;
  hours: number;
}

/** Where sessions of one binding come from that have network, runtime and token in common: how many are open, and when the last of the others ended. */
export interface Place {
  readonly network: string;
  readonly runtime: string;
  readonly token: string;
  open: number;
  until: number;
}

/** Something that a machine did at a target. */
export interface Done {
  readonly machine: string;
  readonly target: string;
  /** `e` and the hash of an effect's name, or `s` and that of a statement's shape. */
  readonly what: string;
}

export const doneKey = ({ machine, target, what }: Done): string => `${what}\0${machine}\0${target}`;
const placeKey = ({ network, runtime, token }: Pick<Place, 'network' | 'runtime' | 'token'>): string => `${network}\0${runtime}\0${token}`;

/** What detections remember, as much of it as a page needs: from the database before it, into it afterwards. */
export class Memory {
  readonly sessions = new Map<string, Session>();
  readonly changedSessions = new Set<Session>();
  readonly changedProfiles = new Set<Profile>();
  /** On which day it was done last, as far as that was read or has changed. */
  readonly #done = new Map<string, { readonly done: Done; day: number; changed: boolean }>();
  readonly #profiles = new Map<string, Map<string, Profile>>();
  readonly #places = new Map<string, Map<string, Place>>();

  session(id: string, at: number): Session {
    let found = this.sessions.get(id);
    if (found === undefined) {
      found = { session: id, machine: '', target: '', client: null, binding: '', network: '', runtime: '', token: '', opened: false, closed: false, seen: at, until: at, shell: false, terminal: false, oddHour: false, unseen: 0, steps: [], told: false };
      this.sessions.set(id, found);
    }
    found.seen = Math.max(found.seen, at);
    this.changedSessions.add(found);
    return found;
  }

  profilesOf(machine: string): ReadonlyMap<string, Profile> {
    return this.#profiles.get(machine) ?? new Map();
  }

  keepProfile(profile: Profile): Profile {
    const of = this.#profiles.get(profile.machine) ?? new Map<string, Profile>();
    this.#profiles.set(profile.machine, of.set(profile.target, profile));
    return profile;
  }

  keepDone(done: Done, day: number): void {
    this.#done.set(doneKey(done), { done, day, changed: false });
  }

  wasDone(done: Done): boolean {
    return this.#done.has(doneKey(done));
  }

  /** It was done on this day. What was done before is written again once a week. */
  do(done: Done, day: number): void {
    const known = this.#done.get(doneKey(done));
    if (known === undefined) this.#done.set(doneKey(done), { done, day, changed: true });
    else if (day >= known.day + 7) Object.assign(known, { day, changed: true });
  }

  get changedDone(): readonly (Done & { readonly day: number })[] {
    return [...this.#done.values()].flatMap(({ done, day, changed }) => (changed ? [{ ...done, day }] : []));
  }

  keepPlace(of: string, place: Place): void {
    const places = this.#places.get(of) ?? new Map<string, Place>();
    this.#places.set(of, places.set(placeKey(place), place));
  }

  /** @param of `machine`, NUL, binding */
  placesOf(of: string): Iterable<Place> {
    return this.#places.get(of)?.values() ?? [];
  }

  placeOf({ machine, binding, network, runtime, token }: Session): Place {
    const of = bindingKey(machine, binding);
    const known = this.#places.get(of)?.get(placeKey({ network, runtime, token }));
    if (known !== undefined) return known;
    const place = { network, runtime, token, open: 0, until: 0 };
    this.keepPlace(of, place);
    return place;
  }
}

export const bindingKey = (machine: string, binding: string): string => `${machine}\0${binding}`;
