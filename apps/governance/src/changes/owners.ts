import {
  identityApply, identityList, maskingApply, maskingList, ok, policyApply, policyGet, sinksApply, sinksList, type Bus, type Caller, type Change, type ChangeAuthority, type ChangeTerms, type Reply,
} from '@sallyport/platform-bus';
import { policySet, type PolicyText, type Share } from './content.ts';

/** Compiling a large policy set takes its time. */
const patienceMs = 30_000;

export interface Planned {
  readonly changes: readonly Change[];
  readonly warnings: readonly string[];
  readonly terms: ChangeTerms | null;
}

export interface Asking {
  readonly by: Caller;
  /** Null: only tried. */
  readonly under: ChangeAuthority | null;
}

/** The services that keep what changes are about. Each decides by itself whether it takes a change. */
export class Owners {
  readonly #bus: Pick<Bus, 'call'>;

  constructor(bus: Pick<Bus, 'call'>) {
    this.#bus = bus;
  }

  async apply(share: Share, { by, under }: Asking): Promise<Reply<Planned>> {
    const asked = { by, documents: [...share.documents], dryRun: under === null, prune: share.prune, remove: share.remove.map(({ kind, name }) => ({ kind, name })), change: under };
    switch (share.owner) {
      case 'identity':
        return this.#bus.call(identityApply, asked, patienceMs);
      case 'masking':
        return planned(await this.#bus.call(maskingApply, asked, patienceMs));
      case 'sinks':
        return planned(await this.#bus.call(sinksApply, asked, patienceMs));
      case 'policy': {
        const standing = await this.policies();
        if (!standing.ok) return standing;
        return this.#bus.call(policyApply, { by, files: policySet(standing.value, share), dryRun: under === null, change: under }, patienceMs);
      }
    }
  }

  /** The policy files in force; none before the first apply. */
  async policies(): Promise<Reply<readonly PolicyText[]>> {
    const reply = await this.#bus.call(policyGet, { version: null });
    if (!reply.ok) return reply.error.code === 'not-found' ? ok([]) : reply;
    return ok(reply.value.files);
  }

  /** One document as it stands; null when none does. */
  async document(kind: string, name: string, owner: 'identity' | 'masking' | 'sinks'): Promise<Reply<unknown>> {
    const reply = await this.#list(kind, name, owner);
    return reply.ok ? ok(reply.value.documents[0] ?? null) : reply;
  }

  /** Whether this is somebody of the inventory who works here now. */
  async isPerson(name: string): Promise<Reply<boolean>> {
    const found = await this.document('Person', name, 'identity');
    if (!found.ok) return found;
    const person: unknown = found.value;
    const spec = typeof person === 'object' && person !== null && 'spec' in person ? person.spec : null;
    return ok(typeof spec === 'object' && spec !== null && 'active' in spec && spec.active === true);
  }

  #list(kind: string, name: string, owner: 'identity' | 'masking' | 'sinks') {
    switch (owner) {
      case 'identity':
        return this.#bus.call(identityList, { kind, name });
      case 'masking':
        return this.#bus.call(maskingList, { name });
      case 'sinks':
        return this.#bus.call(sinksList, { name });
    }
  }
}

const planned = (reply: Reply<{ changes: Change[]; terms: ChangeTerms | null }>): Reply<Planned> => (reply.ok ? ok({ ...reply.value, warnings: [] }) : reply);
