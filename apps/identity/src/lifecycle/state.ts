/**
 * How a machine stands. `active` and `attention` work; in `attention` somebody has to look at it soon, and nothing new is granted to it. `draft` does not work yet,
 * `suspended` not any more, `retired` never again.
 */
export const states = ['draft', 'active', 'attention', 'suspended', 'retired'] as const;
export type State = (typeof states)[number];

/** What moves a machine. `document`: an apply. `fact`: somebody left or came back, a date has passed. `hand`: a person suspends or retires. `reactivation`: its owner accepted and others agreed. */
export const movers = ['document', 'fact', 'hand', 'reactivation'] as const;
export type Mover = (typeof movers)[number];

/** From the least restrictive to the most. A draft is more restrictive than attention, which works. */
const restrictive: readonly State[] = ['active', 'attention', 'draft', 'suspended', 'retired'];

/** The most restrictive of them; `suspended` where there is none, because nothing is known then. */
export function strictest(of: readonly State[]): State {
  return of.length === 0 ? 'suspended' : of.reduce((a, b) => (restrictive.indexOf(b) > restrictive.indexOf(a) ? b : a));
}

export const works = (state: State): boolean => state === 'active' || state === 'attention';

const moves: Readonly<Record<Mover, Readonly<Record<State, readonly State[]>>>> = {
  // What its document alone holds back, its document lets go. What was found out since is not the document's to forget.
  document: { draft: ['active', 'attention', 'suspended', 'retired'], active: ['draft', 'attention', 'suspended', 'retired'], attention: ['draft', 'active', 'suspended', 'retired'], suspended: ['draft', 'active', 'attention', 'retired'], retired: [] },
  fact: { draft: ['suspended'], active: ['attention', 'suspended'], attention: ['active', 'suspended'], suspended: [], retired: [] },
  hand: { draft: ['suspended', 'retired'], active: ['suspended', 'retired'], attention: ['suspended', 'retired'], suspended: ['retired'], retired: [] },
  reactivation: { draft: [], active: [], attention: ['active'], suspended: ['draft', 'active', 'attention'], retired: [] },
};

/** Whether this may move a machine so. To stay is no move, and always possible. */
export const mayMove = (by: Mover, from: State, to: State): boolean => from === to || moves[by][from].includes(to);
