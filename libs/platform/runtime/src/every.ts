import type { Log } from '@sallyport/platform-telemetry';

export interface Rounds {
  /** Milliseconds from the end of one round to the beginning of the next. */
  readonly ms: number;
  /** For the log, when a round fails. */
  readonly what: string;
  readonly log: Log;
  /** Whether the first round is now or `ms` from now, which is the default. */
  readonly first?: 'now' | 'later';
}

/**
 * Runs `work` again and again. A round that fails is logged, and the next one tries again: nothing may be decided by a round that failed. The returned
 * function ends it and waits for the round that runs.
 */
export function every({ ms, what, log, first = 'later' }: Rounds, work: () => Promise<unknown>): () => Promise<void> {
  let stopped = false;
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> = Promise.resolve();
  const plan = () => {
    if (!stopped) timer = setTimeout(begin, ms);
  };
  const round = async () => {
    try {
      await work();
    } catch (error) {
      log.warn('a periodic task failed and will be tried again', { task: what, error });
    }
    plan();
  };
  const begin = () => {
    running = round();
  };
  if (first === 'now') begin();
  else plan();
  return async () => {
    stopped = true;
    if (timer !== null) clearTimeout(timer);
    await running;
  };
}
