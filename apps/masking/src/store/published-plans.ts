import type { MaskPlan } from '@sallyport/domain-model';
import { buckets, shownPlan, subjects, type Bucket, type Bus } from '@sallyport/platform-bus';
import { canonical } from '@sallyport/platform-config';

/** A plan, and how often the classification had been changed when it was made. */
export interface RevisedPlan {
  readonly revision: number;
  readonly plan: MaskPlan;
}

/**
 * Keeps the bucket `plans` equal to the plans in force, and tells that leases of a target are stale when its plan has changed. What could not
 * be written stays due and is tried again by the next `sync`, after a restart too: what counts is the difference to the bucket.
 * A target that is not classified any more keeps an empty plan there: a gateway that sees no plan at all would keep the last one.
 */
export class PublishedPlans {
  readonly #bus: Bus;
  readonly #bucket: Bucket;
  /** What is in the bucket, as its watch tells. */
  readonly #there = new Map<string, string>();
  #stop: () => void = () => undefined;
  #due = true;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(bus: Bus, bucket: Bucket) {
    this.#bus = bus;
    this.#bucket = bucket;
  }

  static async open(bus: Bus): Promise<PublishedPlans> {
    const plans = new PublishedPlans(bus, await bus.kv(buckets.plans));
    plans.#stop = await plans.#bucket.watch('>', (target, value) => {
      if (value === null) plans.#there.delete(target);
      else plans.#there.set(target, contentOf(value));
    });
    return plans;
  }

  /** Null when the gateways can see the plans in force. */
  get waiting(): string | null {
    return this.#due ? 'the mask plans to be shown to the gateways' : null;
  }

  /** Writes what differs; one call after the other, each with the plans as they are when its turn comes. Rejects when it fails. */
  sync(newest: () => Promise<readonly RevisedPlan[]>): Promise<void> {
    const mine = this.#last.then(() => this.#write(newest));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async #write(newest: () => Promise<readonly RevisedPlan[]>): Promise<void> {
    this.#due = true;
    for (const { revision, plan } of await newest()) {
      const text = canonical(plan);
      if (this.#there.get(plan.target) === text) continue;
      await this.#bucket.put(plan.target, { revision, plan });
      this.#there.set(plan.target, text);
      this.#bus.publish(subjects.leaseChanged, { machine: null, target: plan.target, why: 'what is masked on this target has changed' });
    }
    this.#due = false;
  }

  close(): void {
    this.#stop();
  }
}

/** The plan alone: other targets' changes raise the revision, too. */
function contentOf(value: unknown): string {
  const shown = shownPlan.safeParse(value);
  return shown.success ? canonical(shown.data.plan) : '';
}
