import { fail, ok, type Caller, type Reply } from '@sallyport/platform-bus';
import type { ChangeStore } from './change-store.ts';
import { readContent } from './content.ts';
import type { Owners } from './owners.ts';
import { contentOf, stepsOf } from './rows.ts';

/** How often one part is tried while others write the same service's documents. */
const mostTries = 5;

/**
 * Applies what is left of an activating change, one service after the other. Each decides by itself and remembers under which change it wrote, so this may stop anywhere and be
 * done again, by several at once too. A part that is refused sends the change back to be tested; what was applied before it stays in force, and is said.
 * Errors: `unavailable` (it stays activating and is carried on), those of the service that refuses.
 */
export async function activate({ store, owners }: { readonly store: ChangeStore; readonly owners: Owners }, by: Caller, id: string): Promise<Reply<null>> {
  const row = await store.find(id);
  if (row === undefined || row.state !== 'activating') return ok(null);
  const read = readContent(contentOf(row));
  if (!read.ok) return fail('invalid', read.say);
  const parts = await store.parts(id);
  const inForce: string[] = [];
  for (const share of read.shares) {
    const part = parts.find(({ owner }) => owner === share.owner);
    if (part === undefined) return fail('internal', `the part of ${share.owner} was never tested`);
    if (part.applied || stepsOf(part).every(({ change }) => change === 'unchanged')) continue;
    const under = { id: part.change, round: part.round, approval: part.approval, binding: part.binding };
    let done = await owners.apply(share, { by, under });
    for (let tries = 1; tries < mostTries && !done.ok && done.error.code === 'conflict'; tries++) done = await owners.apply(share, { by, under });
    if (!done.ok) {
      const { code, say } = done.error;
      if (code === 'unavailable' || code === 'internal' || code === 'conflict') return fail('unavailable', `${share.owner}: ${say}; this change is carried on by itself`);
      const before = [...parts.filter(({ applied }) => applied).map(({ owner }) => owner), ...inForce];
      const already = before.length === 0 ? '' : `; ${before.join(' and ')} had been changed already`;
      await store.unfit(by, row, `${share.owner}: ${say}${already}`, ['activating']);
      return fail(code, `${share.owner}: ${say}${already}`);
    }
    await store.applied(part);
    inForce.push(share.owner);
  }
  await store.activated(by, row, parts.find(({ approval }) => approval !== null)?.approval ?? null);
  return ok(null);
}
