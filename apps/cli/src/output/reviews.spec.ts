import { afterEach, describe, expect, it } from 'vitest';
import { campaign, idle, item, narrowed } from '../testing/review-samples.ts';
import { campaignsText, decidedText, itemText, reviewText } from './reviews.ts';

const columns = Object.getOwnPropertyDescriptor(process.stdout, 'columns');
afterEach(() => void (columns === undefined ? Reflect.deleteProperty(process.stdout, 'columns') : Object.defineProperty(process.stdout, 'columns', columns)));
const onATerminalOf = (value: number) => Object.defineProperty(process.stdout, 'columns', { value, configurable: true });
/** Commands are never broken: they are there to be copied. */
const widest = (text: string) => Math.max(...text.split('\n').filter((line) => !line.includes('sallyport ')).map((line) => line.length));
const now = Date.parse('2026-11-23T12:00:00Z');

describe('a review, on a terminal', () => {
  it.each([100, 80])('of %i columns: lists and items stay on the page', (width) => {
    onATerminalOf(width);
    for (const text of [campaignsText({ campaigns: [campaign], total: 3 }), reviewText({ campaign, items: [item, idle], total: 48 }, now)]) expect(widest(text)).toBeLessThanOrEqual(width);
  });

  it('has what was granted and never used first, then what was used and how often', () => {
    onATerminalOf(100);
    const [, ...lines] = itemText(item, now).split('\n').slice(itemText(item, now).split('\n').findIndex((line) => line.startsWith('GRANTED, THEN USED')));
    expect(lines.map((line) => line.replaceAll(/\s+/g, ' '))).toEqual([
      expect.stringMatching(/^rule settlement-maintenance-window\S*… NEVER$/), 'rule settlement-read yes', 'rule settlement-write yes', 'read settlement.correspondent_positions 184203 - 2026-11-22 01:02Z',
      expect.stringMatching(/^define settlement\S*… 1 1 2026-10-30 14:00Z$/), 'and 59 more that were used',
    ]);
  });

  it('says by what it is governed, who may decide, and what happens when nobody does', () => {
    const flat = (text: string) => text.replaceAll(/\s+/g, ' ');
    expect(flat(itemText(item, now))).toContain('settlement_writer@settlement-ledger-production-eu-west-1, by entitlement 0198c0de-0000-7000-8000-0000000000f1 until 2027-03-31');
    expect(flat(itemText(item, now))).toContain('due 2026-11-30 09:00Z (in 6 days), stops 2026-12-07 09:00Z (in 13 days)');
    expect(flat(itemText({ ...item, overdue: true, assigned: 'bob' }, now))).toContain('OVERDUE: due');
    expect(flat(itemText({ ...item, assigned: 'bob' }, now))).toContain('reviewers bob, to whom it was handed');
    const nothing = flat(itemText(idle, now));
    for (const part of ['everywhere: it was never seen on any target, by policy alone', 'NOBODY may decide it', 'no rule grants it anything, and nothing was used']) expect(nothing).toContain(part);
    expect(flat(itemText({ ...idle, state: 'stopped', decided: { by: null, at: '2026-12-07T09:00:10.000Z', reason: '' }, enforced: false }, now))).toContain('stopped 2026-12-07; its end is being brought about');
  });

  it('prints the change that a decision to narrow is meant by, and how to go on with it', () => {
    const text = decidedText(narrowed, null, now);
    for (const part of ['narrowed 2026-11-23 by ann: reads customers only', 'added to the policy in force: narrowed-nightly-on-ledger-db.cedar', '│ + forbid (principal == Machine::"nightly"', 'sallyport reviews show REVIEW --machine nightly --out DIR', 'sallyport changes propose --title "narrow the access of nightly" -f DIR']) expect(text).toContain(part);
    expect(decidedText(narrowed, '/tmp/n', now)).toContain('-f /tmp/n');
    expect(decidedText({ ...narrowed, policy: null, state: 'kept' }, null, now)).not.toContain('changes propose');
  });

  it('shows what others wrote safely', () => {
    expect(itemText({ ...item, used: [{ ...item.used[0], verb: 'read', object: 'a\u001b[2J', commands: 1, denied: 0, last: campaign.due }], owner: '\u202ex' }, now)).not.toMatch(/\p{Cf}/u);
    expect(decidedText({ ...narrowed, policy: { name: 'n\u001b', text: 'x\u001b[2J' } }, null, now)).not.toContain('\u001b');
  });
});
