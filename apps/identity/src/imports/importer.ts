import { createHash } from 'node:crypto';
import { sql, type Kysely, type Transaction } from 'kysely';
import { personWho } from '@sallyport/domain-events';
import { fail, ok, type Caller, type FoundIdentity, type ImportDefaults, type Reply } from '@sallyport/platform-bus';
import { canonical } from '../model/document.ts';
import type { Applier } from '../store/applier.ts';
import type { IdentityDatabase } from '../store/database.ts';
import { readRevision } from '../store/documents.ts';
import type { Registry } from '../store/registry.ts';
import { planImport, type Imported } from './plan-import.ts';

export interface ImporterParts {
  readonly db: Kysely<IdentityDatabase>;
  readonly registry: Registry;
  readonly applier: Pick<Applier, 'apply'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface ImportAsked {
  readonly by: Caller;
  readonly source: string;
  readonly found: readonly FoundIdentity[];
  readonly defaults: ImportDefaults;
  readonly dryRun: boolean;
}

export interface ImportOutcome {
  drafted: { ref: string; machine: string }[];
  known: { ref: string; machine: string }[];
  refused: { ref: string; code: string; say: string }[];
  warnings: string[];
  /** The drafted documents, as they could be applied. */
  documents: unknown[];
  /** SHA-256 of what was found. */
  digest: string;
}

/** Drafts machines of what directories and files name. Nothing that it writes can come in before a person activates it. */
export class Importer {
  readonly #parts: ImporterParts;

  constructor(parts: ImporterParts) {
    this.#parts = parts;
  }

  async import({ by, source, found, defaults, dryRun }: ImportAsked): Promise<Reply<ImportOutcome>> {
    const { registry, applier } = this.#parts;
    if (!by.roles.includes('admin')) {
      // Refused there, with its record.
      const refused = await applier.apply({ by, documents: [], dryRun, prune: false });
      return refused.ok ? fail('denied', 'an import needs the role admin') : refused;
    }
    for (let round = 0; round < maxRounds; round++) {
      const done = await this.#once({ by, source, found, defaults, dryRun });
      if (done.ok || done.error.code !== 'conflict') return done;
      await registry.reload();
    }
    return fail('conflict', 'the inventory is being changed by others all the time; import again');
  }

  /** By the inventory of this moment, or not at all (`conflict`): what was planned as new may be somebody else's by now. */
  async #once({ by, source, found, defaults, dryRun }: ImportAsked): Promise<Reply<ImportOutcome>> {
    const { db, registry, applier, now } = this.#parts;
    const inventory = await registry.follow();
    const origins = await originsOf(db, source, found.map(({ stable }) => stable));
    const today = new Date(now()).toISOString().slice(0, 10);
    const { imported, warnings } = planImport(inventory, { source, found, defaults, origins, today });
    const drafts = imported.flatMap((one) => (one.kind === 'draft' ? [one] : []));
    const known = imported.flatMap((one) => (one.kind === 'known' ? [one] : []));
    const digest = createHash('sha256').update(canonical(found)).digest('hex');
    const applied = await applier.apply({
      by, documents: drafts.map(({ document }) => document), dryRun, prune: false,
      with: async (trx) => {
        if ((await readRevision(trx)) !== inventory.revision) return null;
        await remember(trx, source, [...drafts.map((one) => ({ stable: one.found.stable, machine: one.document.metadata.name })), ...known.map((one) => ({ stable: one.found.stable, machine: one.machine }))], now());
        return [{ type: 'nhi.imported', data: { source, found: found.length, drafted: drafts.length, known: known.length, digest }, who: personWho(by.person) }];
      },
    });
    if (!applied.ok) return applied;
    return ok({
      drafted: drafts.map(({ found: { ref }, document }) => ({ ref, machine: document.metadata.name })),
      known: known.map(({ found: { ref }, machine }) => ({ ref, machine })),
      refused: imported.flatMap(refusedOf),
      warnings: [...warnings],
      documents: drafts.map(({ document }) => document),
      digest,
    });
  }
}

const maxRounds = 5;

const refusedOf = (one: Imported): { ref: string; code: string; say: string }[] => (one.kind === 'refused' ? [{ ref: one.found.ref, code: one.code, say: one.say.slice(0, 1000) }] : []);

async function originsOf(db: Kysely<IdentityDatabase>, source: string, stables: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await db.selectFrom('machine_origin').select(['stable', 'machine']).where('source', '=', source).where('stable', '=', sql<string>`any(${[...stables]})`).execute();
  return new Map(rows.map(({ stable, machine }) => [stable, machine]));
}

/** Who was found again under another machine (the first one was removed) is that one from now on. */
async function remember(trx: Transaction<IdentityDatabase>, source: string, origins: readonly { readonly stable: string; readonly machine: string }[], now: number): Promise<void> {
  if (origins.length === 0) return;
  const first = new Date(now).toISOString();
  await trx
    .insertInto('machine_origin')
    .values(origins.toSorted((a, b) => (a.stable < b.stable ? -1 : 1)).map((one) => ({ ...one, source, first })))
    .onConflict((conflict) => conflict.columns(['source', 'stable']).doUpdateSet({ machine: sql`excluded.machine` }).where('machine_origin.machine', '<>', sql<string>`excluded.machine`))
    .execute();
}
