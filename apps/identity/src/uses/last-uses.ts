import { sql, type Kysely } from 'kysely';
import { instant } from '@sallyport/domain-model';
import type { MachineUsage } from '@sallyport/platform-bus';
import type { IdentityDatabase } from '../store/database.ts';
import { mostKept } from './machine-uses.ts';

/** When and from where these machines came, by name, over all of their bindings. Machines that never came are not in it. */
export async function lastUses(db: Kysely<IdentityDatabase>, machines: readonly string[]): Promise<ReadonlyMap<string, MachineUsage>> {
  const found = new Map<string, MachineUsage>();
  if (machines.length === 0) return found;
  const rows = await db.selectFrom('machine_use').selectAll().where('machine', '=', sql<string>`any(${[...machines]})`).orderBy('last_used', 'desc').execute();
  for (const row of rows) {
    const before = found.get(row.machine);
    const first = row.first_used.getTime();
    found.set(row.machine, {
      firstUsed: before === undefined || first < Date.parse(before.firstUsed) ? instant(first) : before.firstUsed,
      lastUsed: before?.lastUsed ?? instant(row.last_used.getTime()),
      sources: joined(before?.sources, row.sources),
      doors: joined(before?.doors, row.doors),
      clients: joined(before?.clients, row.clients),
      bindings: [...(before?.bindings ?? []), { binding: row.binding, firstUsed: instant(first), lastUsed: instant(row.last_used.getTime()) }],
    });
  }
  return found;
}

const joined = (before: readonly string[] = [], more: readonly string[]): string[] => [...new Set([...before, ...more])].slice(0, mostKept);
