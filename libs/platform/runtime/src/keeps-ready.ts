import type { Readiness } from './readiness.ts';

/**
 * Work whose success is a condition of being ready: not ready before it has succeeded once, nor while it failed the last time. Rejects as `work` does.
 * @param what it waits for, in a few words, as `/readyz` shows them under `name`
 * @returns the work, for `every`
 */
export function keepsReady(readiness: Readiness, name: string, what: string, work: () => Promise<unknown>): () => Promise<void> {
  let waiting: string | null = what;
  readiness.add(name, () => waiting);
  return async () => {
    try {
      await work();
      waiting = null;
    } catch (error) {
      waiting = what;
      throw error;
    }
  };
}
