import type { Kysely, Transaction } from 'kysely';
import { TokenVerifier } from '@sallyport/platform-identity';
import { Inventory } from '../model/inventory.ts';
import type { IdentityDatabase } from './database.ts';
import { readInventory, readInventoryWithin, readRevision } from './documents.ts';

/** The inventory as this process knows it, with the verifier of its issuers. Goes forward only. */
export class Registry {
  readonly verifier: TokenVerifier;
  readonly #db: Kysely<IdentityDatabase>;
  #inventory = new Inventory(-1, []);
  #reading: Promise<Inventory> | null = null;

  constructor(db: Kysely<IdentityDatabase>, now: () => number) {
    this.#db = db;
    this.verifier = new TokenVerifier(now);
  }

  get inventory(): Inventory {
    return this.#inventory;
  }

  /** Reads the inventory anew; callers at the same time share one reading. Throws StoreError, StoredDocumentError. */
  reload(): Promise<Inventory> {
    this.#reading ??= readInventory(this.#db, this.#inventory.revision < 0 ? null : this.#inventory)
      .then((inventory) => this.advance(inventory))
      .finally(() => {
        this.#reading = null;
      });
    return this.#reading;
  }

  /** Reads it anew where this transaction, which holds the inventory's lock, finds another revision than the one known here. */
  async within(trx: Transaction<IdentityDatabase>, revision: number): Promise<Inventory> {
    if (this.#inventory.revision === revision) return this.#inventory;
    const read = await readInventoryWithin(trx, this.#inventory);
    this.advance(read);
    return read;
  }

  /** Reads it anew if another process changed it. */
  async follow(): Promise<Inventory> {
    return (await readRevision(this.#db)) === this.#inventory.revision ? this.#inventory : this.reload();
  }

  advance(inventory: Inventory): Inventory {
    if (inventory.revision <= this.#inventory.revision) return this.#inventory;
    this.#inventory = inventory;
    this.verifier.use(inventory.issuers);
    return inventory;
  }
}
