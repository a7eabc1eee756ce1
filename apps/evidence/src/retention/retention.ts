import type { EventData } from '@sallyport/domain-events';
import type { Bus, RetentionItem } from '@sallyport/platform-bus';
import type { Outbox } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import type { RetentionClass } from './classes.ts';
import { DayKeys } from './day-keys.ts';
import { Erasures } from './erasures.ts';
import { Holds } from './holds.ts';
import type { KeyRing } from './key-ring.ts';
import { Purger } from './purger.ts';
import type { RetentionStore } from './retention-store.ts';
import type { SessionKeys } from './session-keys.ts';
import { Shredder } from './shredder.ts';

export interface RetentionOf {
  readonly store: RetentionStore;
  readonly ring: KeyRing;
  readonly keys: SessionKeys;
  readonly classes: readonly RetentionClass[];
  readonly bus: Bus;
  readonly outbox: Outbox;
  readonly log: Log;
  /** Milliseconds since 1970. What may go is decided by the database's clock; this one says when to look, and which days have keys. */
  readonly now: () => number;
  size(): Promise<number>;
  tell<T extends 'key.destroyed' | 'retention.purged'>(type: T, data: EventData[T]): Promise<string>;
}

/** How long evidence is kept: classes, keys of the day, holds, erasures, and the sweep that lets go what nobody keeps. */
export class Retention {
  readonly holds: Holds;
  readonly erasures: Erasures;
  readonly dayKeys: DayKeys;
  readonly #of: RetentionOf;
  readonly #shredder: Shredder;
  readonly #purger: Purger;

  constructor(of: RetentionOf) {
    this.#of = of;
    this.holds = new Holds(of.store, of.outbox);
    this.erasures = new Erasures(of.store, of.outbox);
    this.dayKeys = new DayKeys(of);
    this.#shredder = new Shredder(of);
    this.#purger = new Purger(of);
  }

  /** Takes the configured classes over, and tells each change. A class that is no longer named keeps its days: there are texts of it. */
  async takeClasses(): Promise<void> {
    const { store, classes, outbox } = this.#of;
    await store.db.transaction().execute(async (trx) => {
      for (const { name, days } of classes) {
        const previous = await store.setClass(trx, name, days);
        if (previous !== days) await outbox.emit(trx, 'retention.changed', { class: name, days, previous });
      }
    });
  }

  /** Lets go what is due and nobody keeps: keys first, so that what is dropped was unreadable before. */
  async sweep(): Promise<void> {
    await this.#shredder.turn(this.#today());
    await this.#purger.turn(this.#today());
  }

  /** What a sweep of that day would let go, and what stays although it is due. Changes nothing. */
  async plan(at: string | null): Promise<{ readonly delivered: number | null; readonly items: readonly RetentionItem[] }> {
    const { store } = this.#of;
    const by = at ?? this.#today();
    const delivered = await this.#purger.delivered();
    const items: RetentionItem[] = [];
    for (const { sid, due } of (await this.erasures.list()).flatMap((one) => (one.state === 'confirmed' && one.due !== null && one.due <= by ? [{ sid: one.session, due: one.due }] : []))) {
      const holds = [...(await store.holdsOn({ session: sid }))];
      items.push({ what: 'erasure', name: sid, class: '', due, holds, say: heldBy(holds) });
    }
    for (const { id, class: name, day, due } of await store.dueKeys(by)) {
      const holds = [...(await store.holdsOn({ day }))];
      items.push({ what: 'key', name: id, class: name, due: due ?? '', holds, say: heldBy(holds) });
    }
    for (const month of (await store.months()).filter((one) => one.due <= by)) {
      const blocks = month.due <= this.#today() ? await store.blocks(month.name, delivered) : month.holds.length > 0 ? ['held'] : [];
      items.push({ what: month.name.startsWith('event') ? 'events' : 'ciphertexts', name: month.name, class: month.class, due: month.due, holds: [...month.holds], say: blocks.map((block) => words[block] ?? block) });
    }
    return { delivered, items };
  }

  #today(): string {
    return new Date(this.#of.now()).toISOString().slice(0, 10);
  }
}

const words: Readonly<Record<string, string>> = {
  held: 'a legal hold keeps it',
  undelivered: 'a required sink has not taken all of it, or does not say',
  late: 'some of it came in late, and is not old enough',
  'not-due': 'its time is not over by the database’s clock',
};
const heldBy = (holds: readonly string[]): string[] => (holds.length > 0 ? ['a legal hold keeps it'] : []);
