/** Where in the ledger something is wrong. What is not known is null; `index` counts the events as they were handed in, from 0. */
export interface Where {
  readonly index: number | null;
  readonly sid: string | null;
  readonly seq: number | null;
  readonly producer: string | null;
  readonly epoch: string | null;
  readonly pseq: number | null;
  readonly id: string | null;
}

/**
 * `changed`: bytes are not those that were written. `extra`: was not written by the chain's writer, or is there twice. `reordered`: not in
 * the order of its chain. `malformed`: not an event. `blob`: ciphertext missing or not the one that the event names. `missing`: a
 * number of a chain has no event. `gap`: a number of a producer has no event. `unclosed`: a session without its end. `forged`: an end, or a
 * key, that is not its producer's. `silent`: a producer that should be heard is not, and the ledger has not said so.
 */
export type FindingKind = 'changed' | 'missing' | 'extra' | 'reordered' | 'gap' | 'unclosed' | 'malformed' | 'blob' | 'forged' | 'silent';

export interface Finding {
  readonly kind: FindingKind;
  readonly where: Where;
  /** One sentence for a person. Holds no values. */
  readonly say: string;
}

export interface Verification {
  readonly ok: boolean;
  readonly events: number;
  readonly sessions: { readonly total: number; readonly open: number; readonly closed: number; readonly refused: number; readonly abandoned: number };
  /** Events that came after a later one of their chain. In a ledger that is how a repeated delivery looks; it alters nothing. */
  readonly late: number;
  /** Leaves (of one session: numbers) that have no event by policy. What their absence explains is no finding. */
  readonly pruned: number;
  readonly findings: readonly Finding[];
  /** What is worth knowing and is no finding: silences that are explained, ends that are signed. Sentences. */
  readonly notes: readonly string[];
}

export const nowhere: Where = { index: null, sid: null, seq: null, producer: null, epoch: null, pseq: null, id: null };

/** 0: all is well. 20: something was altered or does not belong. 21: something is not there. 20 when both. */
export function exitCode(findings: readonly Finding[]): 0 | 20 | 21 {
  if (findings.length === 0) return 0;
  return findings.every(({ kind }) => incomplete.has(kind)) ? 21 : 20;
}

const incomplete: ReadonlySet<FindingKind> = new Set(['missing', 'gap', 'unclosed', 'silent']);
