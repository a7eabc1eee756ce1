/** What is wrong with what an examiner was handed, by the outcome that it leads to. */
const verdicts = {
  // The file itself
  archive: 'tampered',
  manifest: 'tampered',
  file: 'tampered',
  'extra-file': 'tampered',
  'missing-file': 'incomplete',
  // Signatures
  signature: 'tampered',
  'untrusted-key': 'untrusted',
  witness: 'untrusted',
  timestamp: 'untrusted',
  // The log
  checkpoint: 'tampered',
  proof: 'tampered',
  root: 'tampered',
  fork: 'tampered',
  stale: 'incomplete',
  rollback: 'tampered',
  stalled: 'incomplete',
  leaf: 'tampered',
  'missing-leaf': 'incomplete',
  counts: 'tampered',
  opening: 'tampered',
  // Events
  malformed: 'tampered',
  tenant: 'tampered',
  duplicate: 'tampered',
  changed: 'tampered',
  reordered: 'tampered',
  extra: 'tampered',
  missing: 'incomplete',
  unclosed: 'incomplete',
  gap: 'incomplete',
  // Producers
  forged: 'tampered',
  silent: 'incomplete',
  'producer-key': 'untrusted',
} as const satisfies Record<string, Exclude<Verdict, 'ok'>>;

export type Verdict = 'ok' | 'tampered' | 'untrusted' | 'incomplete';
export type FaultKind = keyof typeof verdicts;

/** Where something is wrong; what does not apply is null. */
export interface Place {
  readonly file: string | null;
  readonly leaf: number | null;
  readonly sid: string | null;
  readonly seq: number | null;
  readonly producer: string | null;
  readonly epoch: string | null;
  readonly pseq: number | null;
  readonly id: string | null;
}

export interface Fault {
  readonly kind: FaultKind;
  readonly where: Place;
  /** One sentence for a person. Holds no values. */
  readonly say: string;
}

export interface Report {
  readonly verdict: Verdict;
  readonly exitCode: 0 | 20 | 21 | 22;
  readonly faults: readonly Fault[];
  /** What was checked, with figures, and what could not be: sentences for a person. */
  readonly notes: readonly string[];
}

export const nowhereAtAll: Place = { file: null, leaf: null, sid: null, seq: null, producer: null, epoch: null, pseq: null, id: null };

export function verdictOf(faults: readonly Fault[]): Verdict {
  const found = new Set<Verdict>(faults.map(({ kind }) => verdicts[kind]));
  return worstFirst.find((verdict) => found.has(verdict)) ?? 'ok';
}

const worstFirst: readonly Verdict[] = ['tampered', 'untrusted', 'incomplete'];
const codes = { ok: 0, tampered: 20, incomplete: 21, untrusted: 22 } as const satisfies Record<Verdict, number>;

export function reportOf(faults: readonly Fault[], notes: readonly string[]): Report {
  const verdict = verdictOf(faults);
  return { verdict, exitCode: codes[verdict], faults, notes };
}

/** Collects faults. */
export type Say = (kind: FaultKind, say: string, where?: Partial<Place>) => void;

export function collector(): { readonly faults: Fault[]; readonly say: Say } {
  const faults: Fault[] = [];
  return { faults, say: (kind, say, where = {}) => void faults.push({ kind, say, where: { ...nowhereAtAll, ...where } }) };
}
