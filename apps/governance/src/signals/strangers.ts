import type { Kysely } from 'kysely';
import { plainAddress } from '@sallyport/platform-identity';
import type { Outbox } from '@sallyport/platform-store';
import { counter, type Log } from '@sallyport/platform-telemetry';
import type { GovernanceDatabase } from '../store/database.ts';
import { Pace } from './pace.ts';

export interface StrangersParts {
  readonly db: Kysely<GovernanceDatabase>;
  readonly outbox: Outbox;
  readonly log: Log;
  readonly now: () => number;
}

const came = counter('sallyport_governance_strangers_total', 'Requests with no token of a directory', []);

/** Whoever comes with no token of ours: slowed down, and recorded, though not more often than once in ten seconds for an address: the ledger is not theirs to fill. */
export class Strangers {
  readonly #of: StrangersParts;
  readonly #pace: Pace;
  readonly #told: Pace;

  constructor(of: StrangersParts) {
    this.#of = of;
    this.#pace = new Pace(1, 10, of.now);
    this.#told = new Pace(0.1, 1, of.now);
  }

  /** @returns seconds until the address may try again, 0 for now */
  async came(from: string, prefix: string): Promise<number> {
    came.inc();
    const address = plainAddress(from);
    const wait = this.#pace.ask(address);
    if (wait === 0 && this.#told.ask(address) === 0) await this.#record(address, prefix);
    return wait;
  }

  async #record(source: string, prefix: string): Promise<void> {
    const { db, outbox, log } = this.#of;
    const door = prefix.split('/')[1] ?? 'signals';
    try {
      await db.transaction().execute((trx) => outbox.emit(trx, 'auth.failed', { code: 'directory-token-unknown', say: 'no token of a directory', issuer: null, claims: {}, source, micros: 0, door, session: null }));
    } catch (error) {
      // Whoever came is refused all the same.
      log.warn('a request without a token of a directory could not be recorded', { error });
    }
  }
}
