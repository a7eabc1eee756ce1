import { describe, expect, it } from 'vitest';
import { keepsReady, Readiness } from './index.ts';

describe('work that readiness hangs on', () => {
  it('is waited for until it has succeeded, and again after each failure, which it tells', async () => {
    const readiness = new Readiness();
    let broken: Error | null = new Error('away');
    const look = keepsReady(readiness, 'database', 'the database', () => (broken === null ? Promise.resolve() : Promise.reject(broken)));
    expect(readiness.waiting()).toEqual({ database: 'the database' });
    await expect(look()).rejects.toBe(broken);
    expect(readiness.waiting()).toEqual({ database: 'the database' });
    broken = null;
    await look();
    expect(readiness.waiting()).toEqual({});
    broken = new Error('away again');
    await expect(look()).rejects.toBe(broken);
    expect(readiness.waiting()).toEqual({ database: 'the database' });
  });
});
