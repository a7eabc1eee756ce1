import type { Call } from './call.ts';

/**
 * What an option does. Those without `+` take an argument:
 * `read` `write` a file of that name · `program` runs one of that name · `command` runs a line of shell · `value` nothing.
 * Those with `+` take none: `+recursive` what is named, with all below · `+writes` operands are written, besides what else becomes of them ·
 * `+code` runs code that is not in the arguments.
 */
export type Act = 'read' | 'write' | 'program' | 'command' | 'value' | 'optional' | '+none' | '+recursive' | '+writes' | '+code';

/** What the words do that are no options. */
export type Operands =
  | 'inert' // name nothing
  | 'read'
  | 'write'
  | 'into' // the last is written, the others are read: cp
  | 'away' // all are written, and what a directory among them holds: mv, ln
  | 'search' // the first is a pattern, the others are read: grep
  | 'script'; // the first is a program, read and run, the others are its arguments

/** A program whose effects are in its arguments. What is not listed here is not known, and said to be so. */
export interface ProgramSpec {
  /** Short options without an argument that change no effect. */
  readonly flags?: string;
  /** Short options with an argument that names nothing. */
  readonly values?: string;
  /** Long options: `all` takes no argument, `width=` one, `color?` may have one behind `=`. */
  readonly long?: string;
  /** Options that do something, as they are written: `-o`, `--output`. */
  readonly acts?: Readonly<Record<string, Act>>;
  readonly operands: Operands;
  /** The first operand ends the options, as in wrappers and BSD programs. */
  readonly stops?: boolean;
  /** Reads or writes the working directory when it has no operands: ls, find. */
  readonly here?: boolean;
  /** `-5`, `-20`: a number. */
  readonly numbers?: boolean;
}

/** A program that needs more than a table. */
export type ProgramReader = (call: Call) => void;

export type Programs = Readonly<Record<string, ProgramSpec | ProgramReader>>;
