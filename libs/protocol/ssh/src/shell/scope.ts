import type { Place } from './path.ts';
import type { Dialect } from './settings.ts';

/** What a command would read from its standard input: text that stands in the command itself, or something else. */
export type Stdin = { readonly text: string } | 'elsewhere';

/** What surrounds a piece of code. */
export interface Scope {
  readonly dialect: Dialect;
  /** Where it may run; one entry unless a `cd` may have failed. Null: anywhere. */
  readonly cwds: readonly Place[];
  readonly stdin: Stdin;
  /** It runs on another machine, in a container or below another root: its paths are not this target's. */
  readonly away: boolean;
  /** `~` is somebody else's home directory. */
  readonly homeless: boolean;
  readonly depth: number;
}

/** Where the shell may be when a piece of code is over, by whether it succeeded. */
export interface Ends {
  readonly ok: readonly Place[];
  readonly fail: readonly Place[];
}

/** More than this many places are anywhere. */
const maxPlaces = 6;

export function places(...lists: readonly (readonly Place[])[]): readonly Place[] {
  const [first] = lists;
  if (first !== undefined && lists.every((list) => list === first)) return first;
  const all = [...new Set(lists.flat())];
  return all.length > maxPlaces ? [null] : all;
}

/** The scope of what comes after. What cannot be reached is still read, as if it ran anywhere. */
export function after(scope: Scope, cwds: readonly Place[]): Scope {
  return cwds === scope.cwds ? scope : { ...scope, cwds: cwds.length === 0 ? [null] : cwds };
}

export const staying = (cwds: readonly Place[]): Ends => ({ ok: cwds, fail: cwds });
