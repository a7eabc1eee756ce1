import type { MachineFacts, PersonFacts, TargetFacts } from '@sallyport/engine-policy';
import type { MaskPlan } from '@sallyport/domain-model';
import { loginsRevoked, shownPlan } from '@sallyport/platform-bus';
import { personDocument, shownMachineDocument, targetDocument, type PersonDocument, type ShownMachineDocument, type TargetDocument } from '@sallyport/platform-config';
import type { z } from 'zod';

/** What a policy decision needs to know of machines, of people on whose behalf they act, and of targets, as the buckets of identity and masking tell it. */
export class Inventory {
  readonly #machines = new Map<string, ShownMachineDocument>();
  readonly #people = new Map<string, PersonDocument>();
  readonly #targets = new Map<string, TargetDocument>();
  /** Logins from before are not good any more, by person, in milliseconds since 1970. */
  readonly #logins = new Map<string, number>();
  readonly #groups = new Set<string>();
  readonly #approvers = new Set<string>();
  readonly #plans = new Map<string, z.output<typeof shownPlan>>();
  #revision = 0;

  /** Counts changes: what was derived from the inventory is good while this stays the same. */
  get revision(): number {
    return this.#revision;
  }

  /**
   * Takes one entry of the inventory bucket; null removes it. A document that cannot be read removes what was known: nobody works
   * on a guess.
   * @returns false for a document that cannot be read
   */
  tell(key: string, value: unknown): boolean {
    const dot = key.indexOf('.');
    const name = key.slice(dot + 1);
    this.#revision++;
    switch (key.slice(0, dot)) {
      case 'machine':
        return keep(this.#machines, name, value, shownMachineDocument);
      case 'target':
        return keep(this.#targets, name, value, targetDocument);
      case 'group':
        return keepName(this.#groups, name, value);
      case 'approvers':
        return keepName(this.#approvers, name, value);
      case 'person':
        return keep(this.#people, name, value, personDocument);
      case 'login':
        return this.#tellLogin(name, value);
      default:
        return true;
    }
  }

  /**
   * Takes one entry of the plans bucket. A bus that lost its last writes shows none, or an older one: the newer stays, until its owner has
   * shown it again. What is not classified any more has an empty plan of a higher revision.
   * @returns false for an entry that cannot be read; the one before stays then, too
   */
  tellPlan(target: string, value: unknown): boolean {
    if (value === null) return true;
    const shown = shownPlan.safeParse(value);
    if (!shown.success) return false;
    if (shown.data.revision < (this.#plans.get(target)?.revision ?? 0)) return true;
    this.#revision++;
    this.#plans.set(target, shown.data);
    return true;
  }

  machine(name: string): ShownMachineDocument | null {
    return this.#machines.get(name) ?? null;
  }

  /** Shown as not active when they left, whatever their document says. */
  person(name: string): PersonDocument | null {
    return this.#people.get(name) ?? null;
  }

  /** Whether this person has to log in anew before anything is done by a login of that moment, RFC 3339; where that is not known, after any revocation. */
  loginEnded(person: string, since: string | null): boolean {
    const from = this.#logins.get(person);
    // `!(a >= b)` also for what is no moment.
    return from !== undefined && !(Date.parse(since ?? '') >= from);
  }

  /** What cannot be read ends every login until it can. A bus that lost its last writes may show an older moment, or none: the later one stays. */
  #tellLogin(person: string, value: unknown): boolean {
    if (value === null) return true;
    const shown = loginsRevoked.safeParse(value);
    const known = this.#logins.get(person) ?? Number.POSITIVE_INFINITY;
    const from = shown.success ? Date.parse(shown.data.before) : Number.POSITIVE_INFINITY;
    this.#logins.set(person, shown.success && Number.isFinite(known) ? Math.max(from, known) : from);
    return shown.success;
  }

  target(name: string): TargetDocument | null {
    return this.#targets.get(name) ?? null;
  }

  plan(target: string): MaskPlan | null {
    return this.#plans.get(target)?.plan ?? null;
  }

  /** Names that exist, for the lint. Lists of which nothing is known yet are not checked. */
  names() {
    const orNull = (names: Iterable<string>) => {
      const set = new Set(names);
      return set.size === 0 ? null : set;
    };
    return {
      machines: orNull(this.#machines.keys()),
      groups: orNull(this.#groups),
      people: orNull(this.#people.keys()),
      targets: orNull(this.#targets.keys()),
      approverGroups: orNull(this.#approvers),
      tags: orNull([...this.#plans.values()].flatMap(({ plan }) => plan.columns.map((column) => column.tag))),
    };
  }
}

function keep<T>(known: Map<string, T>, name: string, value: unknown, schema: z.ZodType<T>): boolean {
  known.delete(name);
  if (value === null) return true;
  const parsed = schema.safeParse(value);
  if (parsed.success) known.set(name, parsed.data);
  return parsed.success;
}

function keepName(known: Set<string>, name: string, value: unknown): boolean {
  if (value === null) known.delete(name);
  else known.add(name);
  return true;
}

export const machineFacts = ({ metadata, spec }: ShownMachineDocument): MachineFacts => ({
  name: metadata.name, owner: spec.owner, environment: spec.environment, criticality: spec.criticality, kind: spec.kind, groups: spec.groups,
});

export const personFacts = ({ metadata, spec }: PersonDocument): PersonFacts => ({ name: metadata.name, groups: spec.groups ?? [] });

export const targetFacts = ({ metadata, spec }: TargetDocument): TargetFacts => ({ name: metadata.name, kind: spec.kind, environment: spec.environment, tags: spec.tags });
