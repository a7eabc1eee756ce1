import { sql, type Transaction } from 'kysely';
import type { GovernanceDatabase } from '../store/database.ts';

type Trx = Transaction<GovernanceDatabase>;

/** Bytes of each leaf's hash that are kept. They tell one ledger from another; they prove nothing. */
const width = 8;
/** Leaves in one row, and how far back rows are kept. */
const leavesPerMark = 1000;
const keptLeaves = 1_000_000;

/** A leaf that the ledger answers, as far as marks look at it. `sha256` is null where the ledger has nothing of it any more. */
export interface Marked {
  readonly leaf: number;
  readonly sha256: string | null;
}

/** Notes leaves that were read; they continue those that were noted before. */
export async function note(trx: Trx, leaves: readonly Marked[]): Promise<void> {
  const [first] = leaves;
  if (first === undefined) return;
  const hashes = Buffer.concat(leaves.map(({ sha256 }) => short(sha256)));
  const last = await trx.selectFrom('follow_mark').select(['first_leaf', sql<number>`length(hashes)`.as('bytes')]).orderBy('first_leaf', 'desc').limit(1).executeTakeFirst();
  const next = last === undefined ? -1 : Number(last.first_leaf) + last.bytes / width;
  if (last !== undefined && next === first.leaf && last.bytes / width + leaves.length <= leavesPerMark) {
    await trx.updateTable('follow_mark').set({ hashes: sql`hashes || ${hashes}` }).where('first_leaf', '=', last.first_leaf).execute();
    return;
  }
  await trx.insertInto('follow_mark').values({ first_leaf: first.leaf, hashes }).execute();
  await trx.deleteFrom('follow_mark').where('first_leaf', '<', String(first.leaf - keptLeaves)).execute();
}

/** Whether this is the leaf that was read in its place; true where nothing is known of it. */
export async function agrees(trx: Trx, { leaf, sha256 }: Marked): Promise<boolean> {
  const mark = await trx.selectFrom('follow_mark').selectAll().where('first_leaf', '<=', String(leaf)).orderBy('first_leaf', 'desc').limit(1).executeTakeFirst();
  return mark === undefined || same(mark.hashes, leaf - Number(mark.first_leaf), sha256);
}

/**
 * The first leaf that is another one than was read, given that there is one; what is noted from there on is forgotten. A ledger that was set back is the same up to a leaf and differs from it on.
 * @param ask leaves of the ledger as it is now, as many as it has
 */
export async function parting(trx: Trx, ask: (from: number, limit: number) => Promise<readonly Marked[]>): Promise<number> {
  const rows = await trx.selectFrom('follow_mark').select('first_leaf').orderBy('first_leaf').execute();
  const firsts = rows.map(({ first_leaf }) => Number(first_leaf));
  // The last row whose first leaf still agrees; a question to the database between those to the ledger keeps the transaction awake.
  let [low, high] = [-1, firsts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const [found] = await ask(firsts[middle] ?? 0, 1);
    if (found !== undefined && (await agrees(trx, found))) low = middle;
    else high = middle;
  }
  const at = low === -1 ? (firsts[0] ?? Number.MAX_SAFE_INTEGER) : await within(trx, firsts[low] ?? 0, ask);
  await trx.deleteFrom('follow_mark').where('first_leaf', '>=', String(at)).execute();
  await trx.updateTable('follow_mark').set({ hashes: sql`substring(hashes for ((${at} - first_leaf) * ${width})::int)` }).where(sql<boolean>`first_leaf + length(hashes) / ${width} > ${at}`).execute();
  return at;
}

async function within(trx: Trx, first: number, ask: (from: number, limit: number) => Promise<readonly Marked[]>): Promise<number> {
  const { hashes } = await trx.selectFrom('follow_mark').select('hashes').where('first_leaf', '=', String(first)).executeTakeFirstOrThrow();
  const count = hashes.byteLength / width;
  for (let at = first; at < first + count; ) {
    const found = await ask(at, first + count - at);
    if (found.length === 0) return at;
    for (const { leaf, sha256 } of found) if (!same(hashes, leaf - first, sha256)) return leaf;
    at += found.length;
  }
  return first + count;
}

const unknown = Buffer.alloc(width);

function short(sha256: string | null): Buffer {
  return sha256 === null ? unknown : Buffer.from(sha256.slice(0, width * 2), 'hex');
}

/** What was not known then, or is not now, cannot differ. */
function same(hashes: Uint8Array, index: number, sha256: string | null): boolean {
  const noted = hashes.subarray(index * width, (index + 1) * width);
  return sha256 === null || noted.byteLength < width || unknown.equals(noted) || short(sha256).equals(noted);
}
