import { describe, expect, it } from 'vitest';
import { decide, noObjects } from '@sallyport/engine-policy';
import type { Understanding } from '@sallyport/domain-model';
import { bypasses } from './testing/bypasses.ts';
import { harmless } from './testing/harmless.ts';
import { compiled, corpusPolicy, laxPolicy } from './testing/policy.ts';
import type { Dialect } from './settings.ts';
import { isUnreadable, understand } from './understand.ts';

const strict = compiled(corpusPolicy);
const lax = compiled(laxPolicy);
const session = { protocol: 'ssh', role: null, source: '10.0.0.1', client: null };

const read = (text: string, shell: Dialect, home: string | null = null) => understand(text, { shell, home, maxBytes: 64 * 1024 });
const decided = (slice: typeof strict, means: Understanding) => decide(slice, { means, session, objects: noObjects, now: 0 });

describe('a command that must not get past the policy', () => {
  it.each(bypasses)('$why: $text', ({ text, found }) => {
    for (const shell of found === 'apart' ? (['sh'] as const) : (['bash', 'sh'] as const)) {
      for (const home of [null, '/home/app']) {
        const means = read(text, shell, home);
        if (isUnreadable(means)) throw new Error(means.say);
        expect(decided(strict, means).kind, JSON.stringify(means)).toBe('deny');
      }
    }
    const means = read(text, found === 'apart' ? 'sh' : 'bash');
    if (isUnreadable(means)) throw new Error(means.say);
    if (found === 'unseen' || found === 'apart') expect(means.reading, JSON.stringify(means)).not.toBe('whole');
    // What is found is denied for itself, not only because something else was not understood.
    else expect(decided(lax, means).kind, JSON.stringify(means)).toBe('deny');
    if (found === 'rm' || found === 'curl') expect(means.facts.programs).toContain(found);
  });
});

describe('a harmless command is understood whole and allowed', () => {
  it.each(harmless)('%s', (text) => {
    for (const shell of ['bash', 'sh'] as const) {
      const means = read(text, shell);
      if (isUnreadable(means)) throw new Error(means.say);
      expect(means.reading, JSON.stringify(means)).toBe('whole');
      expect(decided(strict, means), JSON.stringify(means)).toMatchObject({ kind: 'allow' });
    }
  });
});

it('has some hundreds of bypasses and of harmless commands, each once', () => {
  expect(new Set(bypasses.map(({ text }) => text)).size).toBe(bypasses.length);
  expect(bypasses.length).toBeGreaterThan(600);
  expect(new Set(harmless).size).toBe(harmless.length);
  expect(harmless.length).toBeGreaterThan(100);
});
