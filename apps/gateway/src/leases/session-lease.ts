import { millis, refusal, type Lease, type MaskPlan, type Refusal, type Understanding, type Decision } from '@sallyport/domain-model';
import { DecisionCache, objectIndex, type CompiledSlice, type SessionFacts } from '@sallyport/engine-policy';
import type { LeasePort, LiveLease } from '@sallyport/engine-session';
import type { LeaseRequest } from '@sallyport/platform-bus';

/** How long a command waits for a renewal before it is refused, in milliseconds. */
export const renewalWait = 5_000;

/**
 * One session's lease over its life. Past its expiry, or once it is called stale, there is no lease until a new one was
 * granted: a command waits a moment for that, and is refused otherwise. Never an older answer.
 */
export class SessionLease implements LeasePort {
  readonly request: LeaseRequest;
  readonly #facts: SessionFacts;
  readonly #plan: () => MaskPlan | null;
  readonly #now: () => number;
  readonly #askRenewal: (lease: SessionLease) => void;
  #live: (LiveLease & { readonly expires: number; readonly plan: MaskPlan | null; readonly of: Lease; readonly slice_: CompiledSlice }) | null = null;
  #stale = true;
  #trouble: string | null = null;
  #spoils = 0;
  #waiting: ((lease: LiveLease | Refusal) => void)[] = [];

  constructor(of: { readonly request: LeaseRequest; readonly facts: SessionFacts; readonly plan: () => MaskPlan | null; readonly now: () => number; readonly askRenewal: (lease: SessionLease) => void }) {
    this.request = of.request;
    this.#facts = of.facts;
    this.#plan = of.plan;
    this.#now = of.now;
    this.#askRenewal = of.askRenewal;
  }

  current(): LiveLease | null {
    const live = this.#live;
    if (live === null || this.#stale) return null;
    if (this.#now() >= live.expires) return null;
    // A new classification changes what objects are tagged: decisions are made anew.
    if (live.plan !== this.#plan()) this.#set(live.of, live.slice_);
    return this.#live;
  }

  /** The policy version of the last answer, stale or not; null before the first. */
  get policyVersion(): number | null {
    return this.#live?.policyVersion ?? null;
  }

  /** A command waits for a renewal. */
  get isAwaited(): boolean {
    return this.#waiting.length > 0;
  }

  renewed(): Promise<LiveLease | Refusal> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((one) => one !== told);
        resolve(refusal('policy-unavailable', this.#trouble ?? 'the decision point could not be asked, and the last answer is not valid any more', this.request.session, { hint: 'try again; if it stays, tell the operators of the gateway' }));
      }, renewalWait);
      const told = (lease: LiveLease | Refusal) => {
        clearTimeout(timer);
        resolve(lease);
      };
      this.#waiting.push(told);
      this.#askRenewal(this);
    });
  }

  /** The policy, the machine or the target has changed: the next command waits for a new answer. */
  spoil(): void {
    this.#stale = true;
    this.#spoils++;
  }

  /** Why the last try to renew it failed: what a command is told that waits in vain. */
  troubled(say: string): void {
    this.#trouble = say;
  }

  /** How often it was spoiled. */
  get spoils(): number {
    return this.#spoils;
  }

  /** Takes a new answer, unless a change was told after it had been asked for (`spoils` is the count at that time): then the next one counts. */
  grant(lease: Lease, slice: CompiledSlice, spoils: number): void {
    if (spoils !== this.#spoils) return;
    this.#set(lease, slice);
    this.#stale = false;
    this.#trouble = null;
    const live = this.#live;
    if (live !== null) this.#tell(live);
  }

  /** The decision point said no; the session is over, and what waits is told so. */
  deny(said: Refusal): void {
    this.#live = null;
    this.#tell(said);
  }

  #tell(answer: LiveLease | Refusal): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const told of waiting) told(answer);
  }

  #set(lease: Lease, slice: CompiledSlice): void {
    const plan = this.#plan();
    // Decisions already made stand while slice and plan are the same: renewals must not cost every session its cache.
    const same = this.#live !== null && this.#live.slice_ === slice && this.#live.plan === plan ? this.#live : null;
    const cache = same === null ? new DecisionCache(slice, this.#facts, objectIndex(plan)) : null;
    const columns = plan?.columns ?? [];
    this.#live = {
      id: lease.id,
      policyVersion: lease.policyVersion,
      slice: lease.slice,
      record: lease.record,
      expires: millis(lease.expires),
      plan,
      of: lease,
      slice_: slice,
      decide: cache === null && same !== null ? same.decide : (means: Understanding): Decision => (cache ?? missing()).decide(means, this.#now()),
      unmasked: cache === null && same !== null ? same.unmasked : () => (cache ?? missing()).unmasked(columns, this.#now()),
    };
  }
}

function missing(): never {
  throw new Error('a lease without a decision cache');
}
