import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The one registry of this process. Process and runtime metrics are on from the start. */
export const registry = new Registry();
collectDefaultMetrics({ register: registry });

/** Seconds, from 100 µs to 10 s. */
export const secondsBuckets: readonly number[] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The counter of this name, made on first use. Label values must come from closed lists: never a value, a user or a statement. */
export function counter<L extends string = never>(name: string, help: string, labels: readonly L[] = []): Counter<L> {
  const known = registry.getSingleMetric(name);
  return known instanceof Counter ? known : new Counter({ name, help, labelNames: labels, registers: [registry] });
}

/** @param read when given, called at each scrape for the gauge's value */
export function gauge<L extends string = never>(name: string, help: string, labels: readonly L[] = [], read?: () => number): Gauge<L> {
  const known = registry.getSingleMetric(name);
  if (known instanceof Gauge) return known;
  return new Gauge({
    name,
    help,
    labelNames: labels,
    registers: [registry],
    ...(read === undefined
      ? {}
      : {
          collect() {
            this.set(read());
          },
        }),
  });
}

export function histogram<L extends string = never>(name: string, help: string, labels: readonly L[] = [], buckets: readonly number[] = secondsBuckets): Histogram<L> {
  const known = registry.getSingleMetric(name);
  return known instanceof Histogram ? known : new Histogram({ name, help, labelNames: labels, buckets: [...buckets], registers: [registry] });
}

/** The text that `/metrics` answers, with its content type. */
export async function metricsText(): Promise<{ readonly type: string; readonly text: string }> {
  return { type: registry.contentType, text: await registry.metrics() };
}
