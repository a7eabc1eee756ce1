import { beforeAll, describe, expect, it } from 'vitest';
import { PostgresAdapter } from './adapter.ts';

let adapter: PostgresAdapter;
beforeAll(async () => {
  adapter = await PostgresAdapter.load();
});

describe('settings of a target', () => {
  it('have defaults', () => {
    expect(adapter.parseSettings({})).toEqual({ maxFrame: 67_108_864, maxStatement: 131_072, dialTimeoutMs: 10_000 });
  });

  it('may allow longer statements', () => {
    expect(adapter.parseSettings({ maxStatement: 1_048_576 })).toMatchObject({ maxStatement: 1_048_576 });
  });

  it.each([
    [{ maxStatment: 1 }, 'settings.maxStatment is not known'],
    [{ maxStatement: 1_048_577 }, 'settings.maxStatement must not be more than 1048576'],
    [{ maxStatement: '1 MiB' }, 'settings.maxStatement must be a positive whole number'],
    [{ maxFrame: 0 }, 'settings.maxFrame must be'],
  ])('%j are refused by name', (settings, say) => {
    expect(() => adapter.parseSettings(settings)).toThrow(say);
  });
});
