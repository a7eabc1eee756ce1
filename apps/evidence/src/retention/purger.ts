import type { EventData } from '@sallyport/domain-events';
import { sinksCursors, type Bus } from '@sallyport/platform-bus';
import type { Log } from '@sallyport/platform-telemetry';
import { blocked, monthsPurged } from './metrics.ts';
import type { Month, RetentionStore } from './retention-store.ts';

export interface PurgerOf {
  readonly store: RetentionStore;
  readonly bus: Bus;
  readonly log: Log;
  /** Leaves in the log. */
  size(): Promise<number>;
  /** Writes into the ledger. @returns the event's id, once it is there */
  tell(type: 'retention.purged', data: EventData['retention.purged']): Promise<string>;
}

/** Runs of leaves in one event: it holds 256 KiB. */
const mostRuns = 4000;

/** Drops months whose time is over: of events when every required sink has them all, of ciphertexts when their keys are gone. Never what is held. */
export class Purger {
  readonly #of: PurgerOf;

  constructor(of: PurgerOf) {
    this.#of = of;
  }

  async turn(today: string): Promise<void> {
    const { store, log } = this.#of;
    const due = (await store.months()).filter((month) => month.due <= today);
    blocked.months = 0;
    if (due.length === 0) return;
    const delivered = await this.delivered();
    for (const month of due) {
      const blocks = await store.blocks(month.name, delivered);
      if (blocks.length > 0) {
        blocked.months++;
        log.info('a month is due and stays', { month: month.name, why: blocks, holds: month.holds });
        continue;
      }
      await this.#purge(month, delivered);
    }
  }

  /** Leaves before this one are with every required sink. Null when the sinks cannot be asked: nobody knows then. */
  async delivered(): Promise<number | null> {
    const { bus, size, log } = this.#of;
    const reply = await bus.call(sinksCursors, {}, 5000);
    if (!reply.ok) {
      log.warn('the sinks do not say how far they are: no event is purged', { code: reply.error.code });
      return null;
    }
    return Math.min(await size(), ...reply.value.sinks.filter(({ required }) => required).map(({ nextLeaf }) => nextLeaf));
  }

  async #purge(month: Month, delivered: number | null): Promise<void> {
    const { store, tell, log } = this.#of;
    const leaves = await store.leavesWithout(month.name);
    const parts = Math.max(1, Math.ceil(leaves.length / mostRuns));
    const events: string[] = [];
    for (let i = 0; i < parts; i++) {
      events.push(await tell('retention.purged', {
        table: month.name, class: month.class, from: month.from, to: month.to, delivered: delivered ?? 0, leaves: leaves.slice(i * mostRuns, (i + 1) * mostRuns), part: i + 1, parts,
      }));
    }
    await store.purge(month.name, delivered, events);
    monthsPurged.inc();
    log.info('a month is purged', { month: month.name, class: month.class });
  }
}
