import { expect, it } from 'vitest';
import { Recent } from './recent.ts';

it('keeps what is used and forgets what is not', () => {
  const recent = new Recent<number>(10, 1_000);
  recent.set('hot', 0);
  for (let i = 0; i < 100; i++) {
    recent.set(`cold ${i}`, i);
    expect(recent.get('hot')).toBe(0);
    expect(recent.size).toBeLessThanOrEqual(10);
  }
  expect(recent.get('cold 3')).toBeUndefined();
  expect(recent.get('cold 99')).toBe(99);
});

it('is bounded by the length of its keys', () => {
  const recent = new Recent<number>(1_000, 100);
  for (let i = 0; i < 50; i++) recent.set('x'.repeat(20) + i, i);
  expect(recent.size).toBeLessThanOrEqual(6);
});
