/**
 * One word of a command with its quotes removed, as far as that is known without running anything. `text` null: not known; it may stand for
 * no word at all or for many. `home`: the word is the home directory with `text` (empty or `/…`) behind it.
 */
export interface Arg {
  readonly text: string | null;
  readonly home: boolean;
}

export const unknownArg: Arg = Object.freeze({ text: null, home: false });

export function literal(text: string): Arg {
  return { text, home: false };
}

/** The word as a program sees it, where it is no path below an unknown home directory. */
export function plain(arg: Arg | undefined): string | null {
  return arg === undefined || arg.home ? null : arg.text;
}

/** Nothing is known of the word, not even that it is one. */
export function isUnknown(arg: Arg): boolean {
  return arg.text === null;
}

/** The rest of a word behind `length` characters: `-ofile`, `of=file`, `@file`. */
export function behind(arg: Arg, length: number): Arg {
  return arg.text === null || arg.home ? unknownArg : literal(arg.text.slice(length));
}
