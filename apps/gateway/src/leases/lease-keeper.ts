import type { KeyObject } from 'node:crypto';
import { refusal, type Clock, type Refusal } from '@sallyport/domain-model';
import { verifyLease } from '@sallyport/engine-policy';
import { leaseChanged, policyOpen, policyRenew, subjects, type Bus, type LeaseRequest } from '@sallyport/platform-bus';
import type { Log } from '@sallyport/platform-telemetry';
import type { Slices } from './slices.ts';
import type { SessionLease } from './session-lease.ts';

/** Leases last 30 s; a third of that between renewals leaves two more tries. */
const renewEvery = 10_000;
const batch = 200;
/** While commands wait for a renewal that failed, it is asked for again this often, in milliseconds: a decision point that restarts is back soon. */
const askAgainAfter = 500;
/** How often a session is opened anew because the policy changed while the answer was on its way. */
const openTries = 3;

/** Keeps the leases of all sessions alive, and makes them stale when a change is pushed. */
export class LeaseKeeper {
  readonly #bus: Pick<Bus, 'call' | 'subscribe'>;
  readonly #slices: Slices;
  readonly #publicKey: KeyObject;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #kept = new Map<SessionLease, (said: Refusal) => void>();
  readonly #opening = new Set<SessionLease>();
  readonly #asked = new Set<SessionLease>();
  #asking = false;
  #timer: NodeJS.Timeout | null = null;
  #unsubscribe: (() => void) | null = null;

  constructor(of: { readonly bus: Pick<Bus, 'call' | 'subscribe'>; readonly slices: Slices; readonly publicKey: KeyObject; readonly clock: Clock; readonly log: Log }) {
    this.#bus = of.bus;
    this.#slices = of.slices;
    this.#publicKey = of.publicKey;
    this.#clock = of.clock;
    this.#log = of.log;
  }

  start(): void {
    this.#timer = setInterval(() => this.#renew([...this.#kept.keys()]), renewEvery);
    this.#unsubscribe = this.#bus.subscribe(subjects.leaseChanged, leaseChanged, ({ machine, target }) => {
      const concerned = ({ request }: SessionLease) => (machine === null || machine === request.machine) && (target === null || target === request.target);
      for (const lease of [...this.#kept.keys(), ...this.#opening]) if (concerned(lease)) lease.spoil();
      this.#renew([...this.#kept.keys()].filter(concerned));
    });
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#unsubscribe?.();
  }

  /** Opens a lease. From then on it is renewed until `release`; `denied` runs when a renewal is refused. */
  async open(lease: SessionLease, denied: (said: Refusal) => void): Promise<Refusal | null> {
    this.#opening.add(lease);
    try {
      for (let tries = 0; tries < openTries; tries++) {
        const said = await this.#open(lease);
        if (said !== null) return said;
        if (lease.current() === null) continue;
        this.#kept.set(lease, denied);
        return null;
      }
      return refusal('policy-unavailable', 'the policy kept changing while the session was opened', lease.request.session, { hint: 'try again' });
    } finally {
      this.#opening.delete(lease);
    }
  }

  async #open(lease: SessionLease): Promise<Refusal | null> {
    const { request, spoils } = lease;
    const reply = await this.#bus.call(policyOpen, request);
    if (reply.ok) return this.#grant(lease, reply.value.lease, spoils);
    const code = reply.error.code === 'unavailable' || reply.error.code === 'internal' ? 'policy-unavailable' : 'unauthorized';
    return refusal(code, code === 'unauthorized' ? reply.error.say : 'the decision point could not be asked', request.session);
  }

  release(lease: SessionLease): void {
    this.#kept.delete(lease);
    this.#asked.delete(lease);
  }

  /** A command waits: ask now, together with whoever else waits. */
  ask(lease: SessionLease): void {
    this.#asked.add(lease);
    if (this.#asking) return;
    this.#asking = true;
    setImmediate(() => {
      this.#asking = false;
      const asked = [...this.#asked];
      this.#asked.clear();
      this.#renew(asked);
    });
  }

  #renew(leases: readonly SessionLease[]): void {
    for (let at = 0; at < leases.length; at += batch) void this.#renewSome(leases.slice(at, at + batch));
  }

  async #renewSome(leases: readonly SessionLease[]): Promise<void> {
    const spoils = leases.map((lease) => lease.spoils);
    const reply = await this.#bus.call(policyRenew, { leases: leases.map(({ request }): LeaseRequest => request) });
    if (!reply.ok) {
      this.#log.warn('leases could not be renewed; they run until they expire', { sessions: leases.length, code: reply.error.code });
      return this.#askAgain(leases);
    }
    await Promise.all(
      leases.map(async (lease, i) => {
        const answer = reply.value.answers[i];
        if (answer === undefined || !this.#kept.has(lease)) return;
        const said = 'refused' in answer ? refusal('unauthorized', answer.refused, lease.request.session) : await this.#grant(lease, answer.lease, spoils[i] ?? 0);
        if (said === null) return;
        if (said.code === 'policy-unavailable') return this.#askAgain([lease]);
        lease.deny(said);
        this.#kept.get(lease)?.(said);
      }),
    );
  }

  #askAgain(leases: readonly SessionLease[]): void {
    setTimeout(() => {
      for (const lease of leases) if (lease.isAwaited && this.#kept.has(lease)) this.ask(lease);
    }, askAgainAfter).unref();
  }

  /** @param spoils what the lease's count was when this answer was asked for: an answer older than a change does not count. */
  async #grant(lease: SessionLease, jws: string, spoils: number): Promise<Refusal | null> {
    const verified = verifyLease(jws, this.#publicKey, this.#clock.now());
    const { session, machine, target } = lease.request;
    if ('kind' in verified) {
      this.#log.error('a lease was not accepted', { code: verified.code, say: verified.say, session });
      return refusal('policy-unavailable', 'the decision point’s answer was not valid', session);
    }
    if (verified.session !== session || verified.machine !== machine || verified.target !== target) return refusal('policy-unavailable', 'the decision point’s answer was for another session', session);
    try {
      lease.grant(verified, await this.#slices.get(verified.slice), spoils);
      return null;
    } catch (error) {
      this.#log.error('a policy slice could not be loaded', { slice: verified.slice, why: error instanceof Error ? error.message : 'unknown' });
      return refusal('policy-unavailable', 'the policy could not be loaded', session);
    }
  }
}
