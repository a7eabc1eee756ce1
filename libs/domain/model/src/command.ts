import type { CommandId } from './ids.ts';
import type { Effect, Verb } from './effect.ts';
import type { Sealed } from './sealed.ts';

/**
 * How much of a command was understood. `whole`: every effect is listed. `partial`: the listed effects are true, others are
 * possible (dynamic SQL inside a function). `opaque`: nothing can be said.
 */
export type Reading = 'whole' | 'partial' | 'opaque';

/** Facts of a statement that a policy may ask for. Absent means "does not apply", never "unknown". */
export interface Facts {
  /** The first keyword(s) in the field's words: `SELECT`, `UPDATE`, `DROP TABLE`, `COPY`. */
  readonly kind: string;
  /** For UPDATE and DELETE (gravest of all in the statement): every one of them has a WHERE. */
  readonly hasWhere?: boolean;
  /** For SELECT: the outermost result is bounded by LIMIT or FETCH FIRST with a constant. */
  readonly hasLimit?: boolean;
  /** That constant, when there is one. */
  readonly limit?: number;
  /** Rows are sent to the client outside of the result protocol (COPY TO STDOUT). */
  readonly copiesOut?: boolean;
  /** Shell: every program that is run, without its directory, sorted. */
  readonly programs?: readonly string[];
  /** Shell: the variables that are set, sorted. */
  readonly sets?: readonly string[];
  /** Shell: output of one program is input of another. */
  readonly hasPipe?: boolean;
  /** Shell: input or output is a file, a here-document or another stream. */
  readonly hasRedirect?: boolean;
  /** Files: what is named is used with all that is below. */
  readonly recursive?: boolean;
  /** Shell: some of it runs as another user, on another machine, in a container or below another root. */
  readonly elevates?: boolean;
  /** Shell: on a terminal, so that what is typed is not seen as commands. */
  readonly isInteractive?: boolean;
  /** What a program at the other end speaks over the command: `scp`, `rsync`, `git`, `sftp`, `ansible`. */
  readonly recogniser?: string;
}

/**
 * Where one output column's values come from. `sources` are `schema.table.column` names. `proven` means that nothing but
 * `sources` (which may be empty: a constant, `count(*)`) can reach the cell; an unproven column of a statement that touches a
 * tagged relation is masked whole.
 */
export interface OutputColumn {
  readonly sources: readonly string[];
  readonly proven: boolean;
}

/**
 * What a command means: the part that depends only on its text and the session's name resolution, so that a protocol makes
 * it once and caches it. Frozen. The gate caches decisions by its identity: never change one, never reuse one for other text.
 */
export interface Understanding {
  /** The gravest effect, not the first word. */
  readonly verb: Verb;
  readonly effects: readonly Effect[];
  readonly reading: Reading;
  /** The text with every literal removed: safe to log, group and store in the clear. */
  readonly shape: string;
  /** Stable hash of the shape's structure where the dialect has one, else null. */
  readonly fingerprint: string | null;
  readonly facts: Facts;
  /** One entry for each output column, or null when the list itself is not known before the server answers. */
  readonly outputs: readonly OutputColumn[] | null;
  /**
   * Where the values come from that the command puts somewhere instead of giving them to the client (INSERT … SELECT, UPDATE,
   * CREATE TABLE AS, a setting). A tagged source here is a copy under another name. Absent: it stores no column's value.
   */
  readonly stores?: OutputColumn;
}

/** One thing that a client asks for. */
export interface Command {
  readonly id: CommandId;
  readonly means: Understanding;
  /** As sent, UTF-8. */
  readonly text: Sealed<string>;
  /** Bound parameters as sent (bytes of the wire's parameter block), or null where the protocol has none. */
  readonly parameters: Sealed<Uint8Array> | null;
  /** Types that the client declared for them apart from the block, the protocol's own numbers (0: left to the server). Only for showing them. */
  readonly parameterTypes?: readonly number[];
}
