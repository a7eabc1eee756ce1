import type { OutputColumn } from '@sallyport/domain-model';

/** A column of a query, or of something that a query reads from. */
export interface OutColumn extends OutputColumn {
  /** Null where PostgreSQL would make up a name: nothing can refer to it with certainty. */
  readonly name: string | null;
}

/** A value that comes from no column: a constant, a parameter, count(*). */
export const clean: OutputColumn = Object.freeze({ sources: Object.freeze([]), proven: true });

/** A value of which nothing is known. */
export const tainted: OutputColumn = Object.freeze({ sources: Object.freeze([]), proven: false });

/** Where a value comes from that is made of all of these. */
export function merge(flows: readonly OutputColumn[]): OutputColumn {
  const first = flows[0];
  if (!first) return clean;
  if (flows.length === 1) return first;
  const sources = new Set<string>();
  let proven = true;
  for (const flow of flows) {
    for (const source of flow.sources) sources.add(source);
    proven &&= flow.proven;
  }
  if (sources.size === 0) return proven ? clean : tainted;
  return { sources: [...sources], proven };
}

/** The same sources, not proven to be all. */
export function doubt(flow: OutputColumn): OutputColumn {
  return flow.proven ? { sources: flow.sources, proven: false } : flow;
}

export function named(name: string | null, flow: OutputColumn): OutColumn {
  return { name, sources: flow.sources, proven: flow.proven };
}
