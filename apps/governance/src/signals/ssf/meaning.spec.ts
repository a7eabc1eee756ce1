import { expect, it } from 'vitest';
import { timestampOf } from './meaning.ts';

it.each([
  ['seconds', 1_763_900_000, 1_763_900_000_000],
  ['seconds with parts', 1_763_900_000.5, 1_763_900_000_500],
  ['milliseconds, as drafts had it', 1_763_900_000_250, 1_763_900_000_250],
  ['the beginning of time', 0, 0],
  ['nothing', undefined, null],
  ['a text', '1763900000', null],
  ['a moment before time', -1, null],
  ['a moment after time', 1e18, null],
  ['no number', Number.NaN, null],
])('an event says when it happened by %s', (_what, event_timestamp, at) => {
  expect(timestampOf({ event_timestamp })).toBe(at);
});
