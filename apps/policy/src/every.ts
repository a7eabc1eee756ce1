import type { Log } from '@sallyport/platform-telemetry';

/** Runs `work` again and again, `ms` after the last time ended. An error is logged; the next round tries again. The returned function ends it and waits. */
export function every(ms: number, what: string, work: () => Promise<unknown>, log: Log): () => Promise<void> {
  let stopped = false;
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> = Promise.resolve();
  const round = async () => {
    try {
      await work();
    } catch (error) {
      log.warn('a periodic task failed and will be tried again', { task: what, error });
    }
    plan();
  };
  const plan = () => {
    if (stopped) return;
    timer = setTimeout(() => {
      running = round();
    }, ms);
  };
  plan();
  return async () => {
    stopped = true;
    if (timer !== null) clearTimeout(timer);
    await running;
  };
}
