import type { Log } from '@sallyport/platform-telemetry';

/**
 * The one order in which a service goes down: no new work; the service ends what it does; its evidence is sent; Nest and HTTP close; the
 * bus is drained; the store closes; traces are sent.
 */
const order = ['work', 'service', 'outbox', 'nest', 'bus', 'store', 'last'] as const;

export interface Step {
  readonly at: (typeof order)[number];
  readonly name: string;
  run(): Promise<void>;
}

/** Runs each step once, whatever the others do. Takes the steps out of the list, so that a second call has nothing left to do. */
export async function inOrder(steps: Step[], log: Log): Promise<void> {
  const left = steps.splice(0);
  for (const at of order) {
    for (const step of left.filter((one) => one.at === at)) {
      try {
        await step.run();
      } catch (error) {
        log.error('a part did not stop cleanly', { part: step.name, error });
      }
    }
  }
}
