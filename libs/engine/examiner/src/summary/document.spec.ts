import { describe, expect, it } from 'vitest';
import { examine } from '../controls/index.ts';
import { examination } from '../testing/examine-story.ts';
import { governedPeriod, governedStory } from '../testing/governed-story.ts';
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
    for (const { control, story: sentences } of results) expect([printed.includes(`${control.id}  ${control.title}"`), ...sentences.map((sentence) => printed.includes(JSON.stringify(sentence).slice(1, -1)))]).toEqual([true, ...sentences.map(() => true)]);
    expect(printed).toContain('no checkpoint: this pack cannot be checked against the log');
    expect(printed).not.toMatch(/complian/i);
  });
  it('is dated by the end of the period, whenever it is made', () => {
    const given = examination(story());
    expect(summaryDocument(given, examine(given), of).definition['info']).toMatchObject({ creationDate: new Date('2026-11-21T00:00:00Z') });
  });
  it('says first what asks for an explanation, who has seen the log and when, and what is withheld', () => {
    const given = examination(story());
    const [, strange] = examine(given);
    if (strange === undefined) throw new Error('no control');
    const many = { ...strange, exceptions: { columns: ['exception', 'at'], rows: Array.from({ length: 10_000 }, (_, i): string[] => [i < 7 ? 'binding shared' : 'replay', '2026-11-20T09:00:00Z']) } };
    const times = { from: null, to: { time: '2026-11-21T00:04:00Z', authority: 'tsa.example' } };
    const printed = JSON.stringify(summaryDocument(given, [many], { ...of, times, withheld: 3 }).definition);
    for (const words of ['replay: 9993 · binding shared: 7', 'there before 2026-11-21 00:04:00 UTC (tsa.example)', '3 fields of the events', '9988 more rows']) expect(printed).toContain(words);
    expect(JSON.stringify(summaryDocument(given, [], { ...of, times: { from: null, to: null } }).definition)).toMatch(/No control found an exception.*|no authority outside/);
  });
  it('prints what became of leavers, of reviews, of access for a time and of changes, and how much it leaves out', () => {
    const given = examination(governedStory(), { period: governedPeriod });
    const results = examine(given);
    const printed = JSON.stringify(summaryDocument(given, results, of).definition).replaceAll('\u200b', '');
    for (const words of ['What became of the machines of those who left', '"0.38"', 'What was decided', 'stopped undecided', 'Access for a time', 'Changes that more than one person made', 'Machines of third parties', 'Acme Reports']) expect(printed).toContain(words);
    const long = results.map((result) => (result.excerpt === undefined ? result : { ...result, excerpt: { ...result.excerpt, rows: Array.from({ length: 30 }, () => result.excerpt?.rows[0] ?? []) } }));
    expect(JSON.stringify(summaryDocument(given, long, of).definition)).toContain('18 more rows, and all columns, in result.csv.');
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
    expect(shown('x'.repeat(100_000), 40)).toHaveLength(40);
    expect(['Ωmega Зоя Zoë “x” – €', '夜', '🙂'].map((text) => shown(text))).toEqual(['Ωmega Зоя Zoë “x” – €', '\\u{591c}', '\\u{1f642}']);
    expect([moment('2026-11-21T00:00:00Z'), moment('2026-11-21T09:00:00.060000Z'), moment('9 of dba')]).toEqual(['2026-11-21', '2026-11-21 09:00:00', '9 of dba']);
  });
});
