import { describe, expect, it } from 'vitest';
import { ask } from './cedar.ts';
import { SlotPool } from './slots.ts';

const permit = (id: string) => ({ [id]: `@id("${id}") permit(principal, action, resource);` });
const answer = (slot: string) => ask({ slot, principal: { type: 'Machine', id: 'm' }, action: 'connect', resource: { type: 'Target', id: 't' }, context: {}, entities: [] });

describe('the pool of slots', () => {
  it('parses again what lost its slot, and never answers from another’s rules', () => {
    const pool = new SlotPool(2);
    let parsed = 0;
    const rulesOf = (digest: string) => () => (parsed++, permit(digest));
    for (const digest of ['a', 'b', 'c', 'a', 'b', 'c', 'c', 'b', 'a']) expect(answer(pool.slotOf(digest, rulesOf(digest))).rules).toEqual([digest]);
    expect(parsed).toBe(7);
  });

  it('never leaves a digest with a slot whose filling failed', () => {
    const pool = new SlotPool(1);
    expect(answer(pool.slotOf('good', () => permit('good'))).rules).toEqual(['good']);
    expect(() => pool.slotOf('bad', () => ({ bad: 'permit(' }))).toThrow(expect.objectContaining({ code: 'ERR_POLICY_ENGINE' }));
    expect(() => pool.slotOf('bad', () => ({ bad: 'permit(' }))).toThrow();
    expect(answer(pool.slotOf('good', () => permit('good'))).rules).toEqual(['good']);
  });
});

describe('asking', () => {
  it('is refused for a slot that was never filled', () => {
    expect(answer('nobody')).toMatchObject({ allowed: false, trouble: expect.stringMatching(/not found/) });
  });
});
