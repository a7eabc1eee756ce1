/** How a tagged value is hidden. `null` sends SQL NULL (or the protocol's absent value). */
export type MaskAction = 'redact' | 'last4' | 'token' | 'null';

/** One classified column. `column` is `schema.table.column`; all lower-level names are exact, case-sensitive. */
export interface ColumnTag {
  readonly column: string;
  /** Dotted tag: `pci.pan`, `us.ssn`, `person.name`. */
  readonly tag: string;
  readonly action: MaskAction;
}

/** Everything needed to mask one target's results. Versioned by its id (a digest of the content). */
export interface MaskPlan {
  readonly id: string;
  readonly target: string;
  readonly columns: readonly ColumnTag[];
  /** Detectors run over text-like cells that no rule covers. */
  readonly detectors: readonly DetectorName[];
  /** Tables called large: reading them without a limit can be held by policy. `schema.table`. */
  readonly large: readonly string[];
}

export const detectorNames = ['card', 'ssn', 'iban', 'email', 'phone'] as const;
export type DetectorName = (typeof detectorNames)[number];

/** How a cell's bytes are to be read. The protocol maps its own type numbers to these. */
export type CellType = 'text' | 'json' | 'bytes' | 'number' | 'temporal' | 'boolean' | 'uuid' | 'other';

/** What a protocol knows of one result column when it binds a masker. */
export interface ColumnRef {
  readonly name: string;
  /**
   * `schema.table.column` when the server names the origin, `none` when the server says that the column is computed,
   * `unknown` when it names an origin that the catalogue does not know.
   */
  readonly origin: string | 'none' | 'unknown';
  /**
   * True when the origin is a relation that computes its columns (view, materialized view, foreign table): its untagged columns may
   * come from tagged ones, so they are judged by lineage like computed ones. Absent or false: a base table, whose columns are its own.
   */
  readonly derived?: boolean;
  /** Column sources by lineage, from the statement; null when the statement gave none. */
  readonly lineage: { readonly sources: readonly string[]; readonly proven: boolean } | null;
  readonly type: CellType;
  readonly format: 'text' | 'binary';
}

/**
 * Masks one cell: bytes [start, end) of `bytes`. Returns undefined when the cell is unchanged, null for the protocol's
 * absent value, else the replacement bytes. Must not keep or change `bytes`. Never throws: what it cannot mask it replaces.
 */
export type CellMask = (bytes: Uint8Array, start: number, end: number) => Uint8Array | null | undefined;

/** A bound masker: one entry for each column (null: pass), and running counts for evidence. */
export interface BoundMasks {
  readonly cells: readonly (CellMask | null)[];
  /** True when any column has a rule (not only detectors): the client is told once that values are masked. */
  readonly ruled: boolean;
  /** Counts since bind; columns that never masked a cell are left out. Contains no values. */
  counts(): readonly MaskCount[];
}

export interface MaskCount {
  readonly column: string;
  readonly tag: string;
  readonly action: MaskAction;
  /** Which layer decided: the server's origin, lineage, content detector, or that nothing was known. */
  readonly layer: 'origin' | 'lineage' | 'content' | 'unknown';
  readonly cells: number;
}

/**
 * Masks the results of one session. `unmasked` names the columns (`schema.table.column`) that policy lets this session see.
 * `touchesTagged`: the statement reads at least one tagged relation, or it is not known whether it does.
 */
export interface ResultMasker {
  readonly plan: string | null;
  bind(columns: readonly ColumnRef[], statement: { readonly touchesTagged: boolean }, unmasked: ReadonlySet<string>): BoundMasks;
  /**
   * Masks a text that comes in pieces (output of a command, a terminal): detectors only, since a stream has no columns. Absent: this masker has none, and
   * a text must then not be shown where a plan is in force.
   * `output`: a word at the end is held back too, so that what is shown does not depend on the pieces; on a `terminal` what is typed must be seen at once.
   */
  stream?(label: string, kind: 'terminal' | 'output'): TextMask;
  /** Text that the target sends outside of results (errors, notices, notifications), scrubbed of values. */
  scrub(text: string): string;
}

/**
 * One text in pieces. What could be the beginning of a value is held back until what follows tells, so that it does not matter where the pieces
 * were cut, or that terminal escapes stand inside of a value.
 */
export interface TextMask {
  /** What may be shown now. The bytes given are not kept; those returned are good until the next call. */
  push(bytes: Uint8Array): Uint8Array;
  /** Nothing came for a while: what is held back, if it cannot be most of a value yet. */
  idle(): Uint8Array;
  /** The end of the text: everything that is held back. */
  flush(): Uint8Array;
  /** Bytes held back. */
  readonly held: number;
  /** Hits since it was made. Contains no values. */
  counts(): readonly MaskCount[];
}
