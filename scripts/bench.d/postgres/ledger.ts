import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '../../stack/stack.ts';
import { cpuSeconds } from './cpu.ts';

/** Longer than this the ledger does not take to catch up with a run, in milliseconds. */
const patience = 120_000;

/** The evidence of the benchmark's sessions: how far it is, and how much of it there is. */
export class Ledger {
  readonly #stack: Stack;

  constructor(stack: Stack) {
    this.#stack = stack;
  }

  /**
   * Waits until the gateway has nothing left that the ledger has not confirmed, and the services have come to rest: else the work for one run's
   * evidence would fall into the next one's time.
   */
  async settled(): Promise<void> {
    const until = Date.now() + patience;
    const pids = Object.values(this.#stack.services).map(({ pid }) => pid ?? 0);
    for (let before = cpuSeconds(pids); ; ) {
      await sleep(200);
      const now = cpuSeconds(pids);
      if (now - before <= 0.02 && (await this.#pending()) <= 1) return;
      if (Date.now() > until) throw new Error(`the ledger has not caught up within ${patience / 1000} s`);
      before = now;
    }
  }

  /** The ledger's last place now. */
  async place(): Promise<number> {
    const [row] = await this.#stack.postgres.sql('select coalesce(max(at), 0)::int as at from evidence.ledger', 'sallyport');
    return Number(row?.['at']);
  }

  /** How many allowed commands that read this table stand in the ledger after the place. */
  async reads(table: string, after: number): Promise<number> {
    const [row] = await this.#stack.postgres.sql(
      `select count(*)::int as events from evidence.event_idx i join evidence.ledger l using (at) join evidence.event_body b on b.id = l.event_id and b.sha256 = l.sha256
       where i.at > ${after} and i.type = 'command.decided' and position('"decision":"allow"' in convert_from(b.body, 'UTF8')) > 0 and position('"read public.${table}"' in convert_from(b.body, 'UTF8')) > 0`,
      'sallyport',
    );
    return Number(row?.['events']);
  }

  /** Heartbeats come and go: one event on its way is none of a run's. */
  async #pending(): Promise<number> {
    const text = await (await fetch(`http://${this.#stack.services.gateway.http}/metrics`)).text();
    return Number(/^sallyport_journal_unconfirmed (\d+)/m.exec(text)?.[1] ?? Number.NaN);
  }
}
