import type { KeyObject } from 'node:crypto';
import { refusal, sameParty, type Clock, type Refusal } from '@sallyport/domain-model';
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
/** How often a session is opened anew because the policy changed while the answer was on its way, or because the answer came from an older policy. */
const openTries = 6;

/** `again`: it may go better in a moment. */
type Tried = { readonly said: Refusal | null; readonly again: boolean };

/**
 * Keeps the leases of all sessions alive, and makes them stale when a change is pushed. Never goes back to a lower policy version than it has seen: several
 * decision points answer, and one may lag behind. The highest version is remembered for the life of the process.
 */
export class LeaseKeeper {
  readonly #bus: Pick<Bus, 'call' | 'subscribe'>;
  readonly #slices: Slices;
  readonly #publicKey: KeyObject;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #kept = new Map<SessionLease, (said: Refusal) => void>();
  readonly #opening = new Set<SessionLease>();
  readonly #asked = new Set<SessionLease>();
  #highest = 0;
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
    this.#unsubscribe = this.#bus.subscribe(subjects.leaseChanged, leaseChanged, ({ machine, target, behalf, policy }) => {
      if (policy !== null) return this.#saw(policy);
      const concerned = ({ request }: SessionLease) => (machine === null || machine === request.machine) && (target === null || target === request.target) && (behalf === null || sameParty(behalf, request.behalf));
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
      let last: Refusal | null = null;
      for (let tries = 0; tries < openTries; tries++) {
        const { said, again } = await this.#open(lease);
        if (said !== null && !again) return said;
        last = said;
        if (again) await new Promise<void>((done) => setTimeout(done, askAgainAfter));
        if (lease.current() === null) continue;
        this.#kept.set(lease, denied);
        return null;
      }
      return last ?? refusal('policy-unavailable', 'the policy kept changing while the session was opened', lease.request.session, { hint: 'try again' });
    } finally {
      this.#opening.delete(lease);
    }
  }

  async #open(lease: SessionLease): Promise<Tried> {
    const { request, spoils } = lease;
    const reply = await this.#bus.call(policyOpen, { ...request, atLeast: this.#highest });
    if (reply.ok) return this.#grant(lease, reply.value.lease, spoils);
    switch (reply.error.code) {
      case 'behind':
        return { said: refusal('policy-unavailable', reply.error.say, request.session, { hint: 'try again' }), again: true };
      case 'unavailable':
      case 'internal':
        return { said: refusal('policy-unavailable', 'the decision point could not be asked', request.session), again: false };
      case 'access-requested':
        return { said: refusal('access-requested', reply.error.say, request.session, { hint: 'connect again when people have said yes' }), again: false };
      default:
        return { said: refusal('unauthorized', reply.error.say, request.session), again: false };
    }
  }

  /** A policy version is in force: leases of lower ones are stale, and answers of lower ones are not taken any more. */
  #saw(version: number): void {
    if (version <= this.#highest) return;
    this.#highest = version;
    const older = ({ policyVersion }: SessionLease) => policyVersion !== null && policyVersion < version;
    const kept = [...this.#kept.keys()].filter(older);
    for (const lease of [...kept, ...[...this.#opening].filter(older)]) lease.spoil();
    this.#renew(kept);
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
    const reply = await this.#bus.call(policyRenew, { leases: leases.map(({ request }): LeaseRequest => request), atLeast: this.#highest });
    if (!reply.ok) {
      this.#log.warn('leases could not be renewed; they run until they expire', { sessions: leases.length, code: reply.error.code, say: reply.error.say });
      if (reply.error.code === 'behind') for (const lease of leases) lease.troubled(reply.error.say);
      return this.#askAgain(leases);
    }
    await Promise.all(
      leases.map(async (lease, i) => {
        const answer = reply.value.answers[i];
        if (answer === undefined || !this.#kept.has(lease)) return;
        if ('unavailable' in answer) {
          lease.troubled(answer.unavailable);
          return this.#askAgain([lease]);
        }
        const { said } = 'refused' in answer ? { said: refusal('unauthorized', answer.refused, lease.request.session) } : await this.#grant(lease, answer.lease, spoils[i] ?? 0);
        if (said === null) return;
        if (said.code === 'policy-unavailable') {
          lease.troubled(said.say);
          return this.#askAgain([lease]);
        }
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
  async #grant(lease: SessionLease, jws: string, spoils: number): Promise<Tried> {
    const failed = (say: string, again: boolean): Tried => ({ said: refusal('policy-unavailable', say, session, { hint: 'try again; if it stays, tell the operators of the gateway' }), again });
    const { session, machine, target, behalf } = lease.request;
    const verified = verifyLease(jws, this.#publicKey, this.#clock.now());
    if ('kind' in verified) {
      this.#log.error('a lease was not accepted', { code: verified.code, say: verified.say, session });
      return failed('the decision point’s answer was not valid', false);
    }
    if (verified.session !== session || verified.machine !== machine || verified.target !== target || !sameParty(verified.behalf ?? null, behalf)) return failed('the decision point’s answer was for another session', false);
    try {
      const slice = await this.#slices.get(verified.slice);
      // Looked at last: a change may have been told while the slice was on its way.
      if (verified.policyVersion < this.#highest) return this.#tooOld(verified.policyVersion, failed);
      lease.grant(verified, slice, spoils);
      this.#saw(verified.policyVersion);
      return { said: null, again: false };
    } catch (error) {
      this.#log.error('a policy slice could not be loaded', { slice: verified.slice, why: error instanceof Error ? error.message : 'unknown' });
      return failed('the policy could not be loaded', false);
    }
  }

  #tooOld(version: number, failed: (say: string, again: boolean) => Tried): Tried {
    this.#log.warn('an answer from an older policy was not taken', { answered: version, seen: this.#highest });
    return failed(`the decision point answered from policy version ${version}, and ${this.#highest} was in force already`, true);
  }
}
