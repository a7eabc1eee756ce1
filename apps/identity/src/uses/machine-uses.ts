import { sql, type Transaction } from 'kysely';
import type { IdentityDatabase } from '../store/database.ts';

/** One admission of a machine. */
export interface MachineUse {
  readonly machine: string;
  /** The trust binding's own name. */
  readonly binding: string;
  readonly source: string;
  readonly door: string;
  /** What the client called itself, where the door knew it already. */
  readonly client: string | null;
}

/** Of addresses, of doors and of clients the newest so many are kept. */
export const mostKept = 16;
/** A use that says nothing new is written once in so many milliseconds. */
const writeEveryMs = 60_000;
/** Bindings that this process remembers having written; more than there are bindings that come within a minute. */
const maxRemembered = 20_000;
const maxClient = 100;

interface Written {
  readonly at: number;
  readonly values: ReadonlySet<string>;
}

interface Gathered {
  readonly machine: string;
  readonly binding: string;
  readonly sources: Set<string>;
  readonly doors: Set<string>;
  readonly clients: Set<string>;
}

/**
 * When and from where machines come. Written in the transaction of the admissions, and only what is worth it: the first use, an address, door or client that is new, else once a
 * minute. So `last_used` may be a minute behind, and never ahead.
 */
export class MachineUses {
  readonly #now: () => number;
  /** What this process wrote last: an aid. Another process may write the same again. */
  readonly #written = new Map<string, Written>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Writes these uses. @returns what must be called when the transaction was committed */
  async note(trx: Transaction<IdentityDatabase>, uses: readonly MachineUse[]): Promise<() => void> {
    const now = this.#now();
    const due = this.#due(uses, now);
    if (due.length === 0) return () => undefined;
    const at = new Date(now).toISOString();
    const rows = due.map(({ machine, binding, sources, doors, clients }) => ({ machine, binding, first_used: at, last_used: at, sources: newest(sources), doors: newest(doors), clients: newest(clients) }));
    await trx
      .insertInto('machine_use')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['machine', 'binding']).doUpdateSet({
          last_used: sql`greatest(machine_use.last_used, excluded.last_used)`,
          sources: sql`newest_first(excluded.sources, machine_use.sources, ${mostKept})`,
          doors: sql`newest_first(excluded.doors, machine_use.doors, ${mostKept})`,
          clients: sql`newest_first(excluded.clients, machine_use.clients, ${mostKept})`,
        }),
      )
      .execute();
    return () => this.#remember(due, now);
  }

  /** One entry for each binding that has to be written, in one order: two processes wait for each other and never both. */
  #due(uses: readonly MachineUse[], now: number): readonly Gathered[] {
    const due = new Map<string, Gathered>();
    for (const { machine, binding, source, door, client } of uses) {
      const key = `${machine}/${binding}`;
      const name = client === null ? '' : plain(client);
      const before = this.#written.get(key);
      const fresh = before === undefined || Math.abs(now - before.at) >= writeEveryMs || !before.values.has(`s${source}`) || !before.values.has(`d${door}`) || (name !== '' && !before.values.has(`c${name}`));
      if (!fresh && !due.has(key)) continue;
      const gathered = due.get(key) ?? { machine, binding, sources: new Set(), doors: new Set(), clients: new Set() };
      gathered.sources.add(source);
      gathered.doors.add(door);
      if (name !== '') gathered.clients.add(name);
      due.set(key, gathered);
    }
    return [...due.values()].sort((a, b) => (`${a.machine}/${a.binding}` < `${b.machine}/${b.binding}` ? -1 : 1));
  }

  #remember(due: readonly Gathered[], at: number): void {
    for (const { machine, binding, sources, doors, clients } of due) {
      const key = `${machine}/${binding}`;
      const fresh = [...[...sources].map((one) => `s${one}`), ...[...doors].map((one) => `d${one}`), ...[...clients].map((one) => `c${one}`)];
      const before = [...(this.#written.get(key)?.values ?? [])];
      this.#written.delete(key);
      // The newest last, as many as the row keeps: what the row has let go is new again.
      this.#written.set(key, { at, values: new Set([...before.filter((one) => !fresh.includes(one)), ...fresh].slice(-3 * mostKept)) });
      const [oldest] = this.#written.keys();
      if (this.#written.size > maxRemembered && oldest !== undefined) this.#written.delete(oldest);
    }
  }
}

const newest = (values: ReadonlySet<string>): string[] => [...values].reverse().slice(0, mostKept);

/** A client's name is the client's own invention: bounded, and without what is not printed. */
const plain = (client: string): string => Array.from(client.slice(0, maxClient), (char) => (char < ' ' || char === '\u007f' ? '�' : char)).join('').trim();
