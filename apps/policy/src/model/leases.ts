import type { Lease } from '@sallyport/domain-model';
import { policyEngineTrouble, type Slice } from '@sallyport/engine-policy';
import { fail, ok, type EntryAnswer, type EntryRequest, type LeaseRequest, type Reply } from '@sallyport/platform-bus';
import type { Log } from '@sallyport/platform-telemetry';
import type { ActivePolicy } from './active-policy.ts';
import type { Unknown } from './entries.ts';
import { entitled, grant } from './grant.ts';
import type { Inventory } from './inventory.ts';

export interface LeasesParts {
  readonly policy: () => ActivePolicy | null;
  /** Looks now whether another version is in force, and loads it. May reject. */
  readonly follow: () => Promise<void>;
  readonly inventory: Inventory;
  /** Puts a slice where the gateway finds it. */
  readonly publish: (slice: Slice) => Promise<void>;
  /** By which entitlement a session may be there. */
  readonly enter: (of: 'opening' | 'renewing', entry: EntryRequest) => Promise<EntryAnswer | Unknown>;
  readonly sign: (lease: Lease) => Promise<string>;
  readonly newId: () => string;
  readonly now: () => number;
  readonly log: Log;
}

export type Grant = { lease: string; slice: string };
export type Answer = Grant | { refused: string } | { unavailable: string };
/** A session that begins may be refused because connecting was taken for asking. */
type Opened = Answer | { requested: string };

/** Answers requests for leases. A refusal is final for the session; what may pass by itself is `unavailable`. */
export class Leases {
  readonly #parts: LeasesParts;

  constructor(parts: LeasesParts) {
    this.#parts = parts;
  }

  /** @param atLeast the least policy version that the answer may come from */
  async open(asked: LeaseRequest, atLeast: number): Promise<Reply<Grant>> {
    const behind = await this.#behind(atLeast);
    if (behind !== null) return behind;
    const answer = await this.#answer('opening', asked);
    if (!answer.ok) return answer;
    if ('refused' in answer.value) return fail('denied', answer.value.refused);
    if ('requested' in answer.value) return fail('access-requested', answer.value.requested);
    return 'unavailable' in answer.value ? fail('unavailable', answer.value.unavailable) : ok(answer.value);
  }

  /** One that cannot be answered now makes all unanswered: a gateway must not take our trouble for a refusal. */
  async renew(asked: readonly LeaseRequest[], atLeast: number): Promise<Reply<{ answers: Answer[] }>> {
    const behind = await this.#behind(atLeast);
    if (behind !== null) return behind;
    const answers: Answer[] = [];
    for (const answer of await Promise.all(asked.map((one) => this.#answer('renewing', one)))) {
      if (!answer.ok) return answer;
      answers.push('requested' in answer.value ? { refused: answer.value.requested } : answer.value);
    }
    return ok({ answers });
  }

  /** Another process may have put a version in force that this one has not loaded yet: it looks, and if that does not help the gateway asks again. */
  async #behind(atLeast: number): Promise<Reply<never> | null> {
    const { policy, follow, log } = this.#parts;
    if ((policy()?.version ?? atLeast) >= atLeast) return null;
    await follow().catch((error: unknown) => log.warn('the policy could not be looked for', { error }));
    const known = policy()?.version ?? atLeast;
    if (known >= atLeast) return null;
    log.warn('a gateway has seen a later policy version', { wanted: atLeast, known });
    return fail('behind', `the decision point has policy version ${known}, and ${atLeast} was in force already`);
  }

  async #answer(of: 'opening' | 'renewing', asked: LeaseRequest): Promise<Reply<Opened>> {
    const { inventory, publish, sign, newId, now, log } = this.#parts;
    const policy = this.#parts.policy();
    if (policy === null) return fail('unavailable', 'no policy is in force that can be used');
    if (policyEngineTrouble() !== null) return fail('unavailable', 'the policy engine has stopped; the service must be restarted');
    const granted = grant(asked, { policy, inventory, leaseId: newId(), now: now() });
    if (!granted.ok) {
      log.info('lease refused', { session: asked.session, machine: asked.machine, target: asked.target, say: granted.say });
      return ok({ refused: granted.say });
    }
    try {
      await publish(granted.slice);
    } catch (error) {
      log.error('a policy slice could not be published', { machine: asked.machine, target: asked.target, error });
      return fail('unavailable', 'the policy slice could not be published');
    }
    // Last, because it counts: no use is spent of who is refused anyway.
    const lease = granted.needs === 'entitlement' ? await this.#entitled(of, asked, granted.lease) : granted.lease;
    if (!('id' in lease)) return ok(lease);
    // Publishing and asking wait for the bus; a policy that was replaced meanwhile is not handed out any more.
    if (this.#parts.policy() !== policy) return this.#answer(of, asked);
    return ok({ lease: await sign(lease), slice: lease.slice });
  }

  /** The lease within the entitlement that identity names. It is not guessed at: who cannot be asked has not said yes. */
  async #entitled(of: 'opening' | 'renewing', { session, machine, target, role, source }: LeaseRequest, lease: Lease): Promise<Lease | Exclude<Opened, Grant>> {
    const { enter, now, log } = this.#parts;
    const answer = await enter(of, { session, machine, target, role, source: source.address });
    if ('unknown' in answer) return { unavailable: answer.unknown };
    if ('refused' in answer) {
      log.info('lease refused', { session, machine, target, code: answer.refused, say: answer.say });
      return answer.refused === 'access-requested' ? { requested: answer.say } : { refused: answer.say };
    }
    const until = Date.parse(answer.until);
    if (!(until > now())) return { refused: `the access of machine ${machine} to ${target} ended at ${answer.until}` };
    return entitled(lease, { entitlement: answer.entitlement, record: answer.record, until });
  }
}
