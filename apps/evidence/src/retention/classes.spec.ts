import { describe, expect, it } from 'vitest';
import { defaultClasses, parseClasses } from './classes.ts';

describe('retention classes', () => {
  it('are days, months of 31 and years of 366 days', () => {
    expect(parseClasses('events=7y\n standard=13m  short=30d ')).toEqual([{ name: 'events', days: 2562 }, { name: 'standard', days: 403 }, { name: 'short', days: 30 }]);
    expect(parseClasses(defaultClasses).map(({ name }) => name)).toEqual(['events', 'standard', 'short', 'long']);
  });

  it.each([
    ['', 'events is missing'], ['events=7y', 'standard is missing'], ['events=7y standard=13m standard=1y', 'twice'], ['events=1y standard=2y', 'longer than that of events'],
    ['events=7y standard=6d', 'at least 7 days'], ['events=7y standard=', 'is like'], ['events=7y standard=13', 'is like'], ['events=7y standard=1.5y', 'is like'],
    ['events=7y Standard=13m', 'is like'], ['events=101y standard=13m', 'is like'], ['events=7y standard=0d', 'at least'], ['events=7y;standard=13m', 'is like'],
  ])('refuse %j: %s', (text, say) => {
    expect(() => parseClasses(text)).toThrow(say);
  });
});
