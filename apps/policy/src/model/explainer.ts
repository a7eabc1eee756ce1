import { fail, ok, type policyDecide, type Reply } from '@sallyport/platform-bus';
import type { z } from 'zod';
import type { ActivePolicy } from './active-policy.ts';
import { explain, type Explanation } from './explain.ts';
import { ruling } from './grant.ts';
import type { Inventory } from './inventory.ts';
import { UnreadableTextError, type ReadStatements } from './statements.ts';

export interface ExplainerParts {
  readonly policy: () => ActivePolicy | null;
  readonly inventory: Inventory;
  /** Readers of the dialects, by kind of target. */
  readonly readers: ReadonlyMap<string, ReadStatements>;
  readonly now: () => number;
}

/** Longest text that is explained, in UTF-16 units. */
const maxText = 64 * 1024;

/** Answers "what would be decided, and why". Grants nothing and runs nothing. */
export class Explainer {
  readonly #parts: ExplainerParts;

  constructor(parts: ExplainerParts) {
    this.#parts = parts;
  }

  /** Errors: `unavailable`, `not-found` (machine, target), `invalid` (time, text), `unreadable`. */
  explain(asked: z.output<(typeof policyDecide)['request']>): Reply<Explanation> {
    const { inventory, readers } = this.#parts;
    const policy = this.#parts.policy();
    if (policy === null) return fail('unavailable', 'no policy is in force that can be used');
    const found = ruling(asked, policy, inventory);
    if (!found.ok) return fail('not-found', found.say);
    const now = asked.at === null ? this.#parts.now() : Date.parse(asked.at);
    if (Number.isNaN(now)) return fail('invalid', 'at: must be a time like 2026-11-22T10:00:00Z');
    if (asked.text.length > maxText) return fail('invalid', `text: has ${asked.text.length} characters; ${maxText} are explained`);
    const read = readers.get(found.protocol);
    if (read === undefined) return fail('unavailable', `statements of ${found.protocol} cannot be read here`);
    try {
      const plan = inventory.plan(asked.target);
      const statements = read(asked.text, asked.searchPath, plan);
      const session = { protocol: found.protocol, role: asked.role, source: asked.source ?? '127.0.0.1', client: null };
      return ok(explain({ slice: found.slice, statements, session, plan, now }));
    } catch (error) {
      if (error instanceof UnreadableTextError) return fail('unreadable', error.message);
      throw error;
    }
  }
}
