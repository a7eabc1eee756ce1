import { vi } from 'vitest';

/** Waits until a check holds; long, because a machine that runs tests may be busy. */
export const eventually = <T>(check: () => T | Promise<T>): Promise<T> => vi.waitFor(check, { timeout: 15_000, interval: 20 });
