import { describe, expect, it } from 'vitest';
import { effectName } from './decide.ts';
import { readEffect } from './effect-text.ts';

describe('an effect as evidence has it', () => {
  it.each(['read ledger.customers', 'execute function:pg_catalog.now', 'control session:begin', 'read file:/var/log/a.b/c d.log', 'control setting:search_path', 'write customers', 'unknown other:?', 'read ?.customers', 'execute program:ls', 'shell session:shell'])('is read again: %s', (text) => {
    const effect = readEffect(text);
    expect(effect === null ? null : effectName(effect)).toBe(text);
  });

  it.each(['read a.b.c', 'connect', 'read ', 'dance ledger.customers', 'read .customers', 'read function:', ''])('is not guessed: %j', (text) => {
    expect(readEffect(text)).toBeNull();
  });
});
