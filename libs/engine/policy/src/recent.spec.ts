import { describe, expect, it } from 'vitest';
import { Recent } from './recent.ts';

describe('the entries used last', () => {
  it('push out the one used longest ago', () => {
    const recent = new Recent<string, number>(2);
    recent.set('a', 1);
    recent.set('b', 2);
    expect(recent.get('a')).toBe(1);
    recent.set('c', 3);
    expect([recent.get('a'), recent.get('b'), recent.get('c')]).toEqual([1, undefined, 3]);
  });

  it('are replaced in place', () => {
    const recent = new Recent<string, number>(2);
    recent.set('a', 1);
    recent.set('b', 2);
    recent.set('b', 3);
    expect([recent.get('a'), recent.get('b')]).toEqual([1, 3]);
    expect([recent.takeOldest(), recent.takeOldest(), recent.takeOldest()]).toEqual([1, 3, undefined]);
  });
});
