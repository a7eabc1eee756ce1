import { describe, expect, it } from 'vitest';
import { examine } from '../controls/index.ts';
import { examination } from '../testing/examine-story.ts';
import { story } from '../testing/story.ts';
import { summaryDocument } from './document.ts';
import { moment, shown } from './node.ts';
import { seriesOf } from './series.ts';

const of = { tenant: 'default', checkpoint: null, generator: 'sallyport 0.1.0' };

describe('the printed summary', () => {
  it('names every control, its state and the sentences about it', () => {
    const given = examination(story());
    const results = examine(given);
    const printed = JSON.stringify(summaryDocument(given, results, of).definition).replaceAll('\u200b', '');
    for (const { control } of results) expect(printed).toContain(`${control.id}  ${control.title}"`);
    expect(printed).toContain('no checkpoint: this pack cannot be checked against the log');
    expect(printed).not.toMatch(/complian/i);
  });
  it('is dated by the end of the period, whenever it is made', () => {
    const given = examination(story());
    expect(summaryDocument(given, examine(given), of).definition['info']).toMatchObject({ creationDate: new Date('2026-11-21T00:00:00Z') });
  });
  it('counts by day, and by week where days would be too many', () => {
    const day = seriesOf(examination(story()))[1];
    expect(day).toMatchObject({ unit: 'day', points: [{ from: '2026-11-20', n: 2 }] });
    const year = seriesOf(examination(story(), { period: { from: '2026-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z' } }))[0];
    expect([year?.unit, year?.points.length, year?.points.reduce((sum, { n }) => sum + n, 0)]).toEqual(['week', 53, 1]);
  });
  it('shows what is invisible, cuts what is long, and writes moments as people do', () => {
    expect(shown('a\u202eb\u0000')).toBe('a\\u{202e}b\\u{0}');
    expect(shown('x'.repeat(200))).toHaveLength(90);
    expect([moment('2026-11-21T00:00:00Z'), moment('2026-11-21T09:00:00.060000Z'), moment('9 of dba')]).toEqual(['2026-11-21', '2026-11-21 09:00:00', '9 of dba']);
  });
});
