import { describe, expect, it } from 'vitest';
import { mayMove, movers, states, strictest, works, type Mover, type State } from './state.ts';

/** Every move that there is, `from>to`. What is not here cannot be. */
const expected: Readonly<Record<Mover, string>> = {
  document: 'draft>active draft>attention draft>suspended draft>retired active>draft active>attention active>suspended active>retired attention>draft attention>active attention>suspended attention>retired suspended>draft suspended>active suspended>attention suspended>retired',
  fact: 'draft>suspended active>attention active>suspended attention>active attention>suspended',
  hand: 'draft>suspended draft>retired active>suspended active>retired attention>suspended attention>retired suspended>retired',
  reactivation: 'attention>active suspended>draft suspended>active suspended>attention',
};

describe('a machine', () => {
  it.each(movers)('is moved by %s in these ways and no others, from each state to each', (by) => {
    const moves = states.flatMap((from) => states.filter((to) => from !== to && mayMove(by, from, to)).map((to) => `${from}>${to}`));
    expect(moves.toSorted()).toEqual(expected[by].split(' ').toSorted());
  });

  it('may always stay as it is', () => {
    for (const by of movers) for (const state of states) expect(mayMove(by, state, state)).toBe(true);
  });

  it('never comes back from where it was retired to', () => {
    for (const by of movers) for (const to of states) expect(mayMove(by, 'retired', to)).toBe(to === 'retired');
  });

  it('that is suspended is let go by no fact and no single hand', () => {
    for (const by of ['fact', 'hand'] as const) for (const to of ['draft', 'active', 'attention'] as const) expect(mayMove(by, 'suspended', to)).toBe(false);
  });

  it('works in two of its states', () => expect(states.filter(works)).toEqual(['active', 'attention']));
});

describe('the most restrictive state', () => {
  const order: readonly State[] = ['active', 'attention', 'draft', 'suspended', 'retired'];
  it('of any two is the one that lets less through, whichever comes first', () => {
    for (const a of states) for (const b of states) expect(strictest([a, b])).toBe(order.indexOf(a) > order.indexOf(b) ? a : b);
  });
  it('of nothing at all is suspended', () => expect(strictest([])).toBe('suspended'));
});
