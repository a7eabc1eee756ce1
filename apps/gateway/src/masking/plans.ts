import type { MaskPlan, ResultMasker } from '@sallyport/domain-model';
import { createMasker } from '@sallyport/engine-masking';
import { buckets, maskingPlan, shownPlan, type Bus } from '@sallyport/platform-bus';
import type { Log } from '@sallyport/platform-telemetry';
import type { z } from 'zod';

/** A target's plan in force, with its masker. */
export interface PlanInForce {
  readonly plan: MaskPlan | null;
  readonly revision: number;
  readonly masker: ResultMasker;
}

/**
 * The mask plans of the targets. The first session of a target asks the masking service; after that, changes are pushed and
 * count from the next result on. A target whose plan cannot be had is not served. A bus that has lost its last writes pushes what was
 * before them: an older plan never takes the place of a newer one.
 */
export class Plans {
  readonly #bus: Bus;
  readonly #log: Log;
  readonly #known = new Map<string, PlanInForce>();
  /** Pushed for a target that is being asked about: newer than the answer on its way. */
  readonly #early = new Map<string, Shown>();
  #tokenKey: Uint8Array | null = null;

  constructor(bus: Bus, log: Log) {
    this.#bus = bus;
    this.#log = log;
  }

  async watch(): Promise<() => void> {
    const bucket = await this.#bus.kv(buckets.plans);
    return bucket.watch('>', (target, value) => {
      // Forgotten by the bus, not declassified: that would be an empty plan. Its owner shows it again.
      if (value === null) return;
      const parsed = shownPlan.safeParse(value);
      if (!parsed.success) return this.#log.error('a mask plan cannot be read; the one before stays in force', { target });
      const known = this.#known.get(target);
      if (known === undefined || this.#tokenKey === null) this.#early.set(target, parsed.data);
      else if (parsed.data.revision >= known.revision) this.#known.set(target, inForce(parsed.data, this.#tokenKey));
      else this.#log.warn('the bus shows an older mask plan; the newer one stays in force', { target });
    });
  }

  /** Null when the plan cannot be had. */
  async of(target: string): Promise<PlanInForce | null> {
    const known = this.#known.get(target);
    if (known !== undefined) return known;
    this.#early.delete(target);
    const reply = await this.#bus.call(maskingPlan, { target });
    if (!reply.ok) {
      this.#log.warn('no mask plan', { target, code: reply.error.code });
      return null;
    }
    this.#tokenKey = Buffer.from(reply.value.tokenKey, 'base64url');
    const early = this.#early.get(target);
    const made = inForce(early !== undefined && early.revision >= reply.value.revision ? early : reply.value, this.#tokenKey);
    this.#early.delete(target);
    this.#known.set(target, made);
    return made;
  }

  /** The plan in force now, for a session that was opened with one. */
  current(target: string): PlanInForce {
    const known = this.#known.get(target);
    if (known === undefined) throw new Error(`the plan of ${target} was asked for before it was loaded`);
    return known;
  }
}

/** Nothing classified and no detectors: results pass without being looked at. */
function inForce({ plan, revision }: Shown, tokenKey: Uint8Array): PlanInForce {
  const empty = plan.columns.length === 0 && plan.detectors.length === 0;
  return { plan: empty ? null : plan, revision, masker: createMasker(empty ? null : plan, tokenKey) };
}

type Shown = z.output<typeof shownPlan>;
