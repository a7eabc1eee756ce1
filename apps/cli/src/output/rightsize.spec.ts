import { afterEach, describe, expect, it } from 'vitest';
import { longName } from '../testing/machine-samples.ts';
import { calm, file, proposal, simulation, usage, wrong } from '../testing/rightsize-samples.ts';
import { proposalText, simulationText } from './rightsize.ts';
import { usageText } from './usage.ts';

const columns = Object.getOwnPropertyDescriptor(process.stdout, 'columns');
afterEach(() => void (columns === undefined ? Reflect.deleteProperty(process.stdout, 'columns') : Object.defineProperty(process.stdout, 'columns', columns)));
const onATerminalOf = (value: number) => Object.defineProperty(process.stdout, 'columns', { value, configurable: true });
const out = { paint: (_style: string, text: string) => text };
const widest = (text: string) => Math.max(...text.split('\n').filter((line) => !/^[│┌└]/.test(line)).map((line) => line.length));
const flat = (text: string) => text.replaceAll(/\s+/g, ' ');

describe('what was used, and policies that were tried on it', () => {
  it.each([100, 80])('stay on a page of %i columns', (width) => {
    onATerminalOf(width);
    for (const text of [usageText(usage, 0).split('\n').slice(0, -1).join('\n'), proposalText(wrong, file, null, out), simulationText(simulation, out)]) expect(widest(text)).toBeLessThanOrEqual(width);
  });

  it('are told with the days, and with the leaf up to which the ledger was read', () => {
    expect(usageText(usage, 100)).toContain('2 of 214; the next: --offset 102\n');
    for (const text of [usageText(usage, 0), proposalText(proposal, file, null, out), simulationText(simulation, out)]) expect(flat(text)).toContain('2026-10-25 to 2026-11-23, as far as leaf 1204551 of the ledger');
    expect(usageText({ ...usage, used: [], total: 0 }, 0)).toContain('used nothing: 2026-10-25 to');
    expect(usageText({ ...usage, used: [] }, 300)).toContain('no more of 214');
  });

  it('show a proposal with what it leaves out, and one that does not agree with the recording as not to be used', () => {
    const good = proposalText(proposal, file, null, out);
    expect(flat(good)).toContain('on 184234 commands: 184230 allowed, 2 held, 1 denied, 1 not decided by what was recorded');
    expect(good).toContain(String.raw`we ird\u{7}`);
    expect(good).toContain('│ permit (principal == Machine::"nightly"');
    expect(good).not.toContain('must not be used');
    expect(flat(proposalText(wrong, file, null, out))).toContain('must not be used: - was allowed and would be denied: read ledger.customers on ledger-db (12 commands, session 0198');
    expect(proposalText(proposal, file, '/tmp/x.cedar', out)).toMatch(/written: \/tmp\/x\.cedar$/);
    expect(proposalText(proposal, null, null, out)).toMatch(/nothing to narrow/);
  });

  it('list what a draft changes by machine and object, what it leaves undecided and why, and what was assumed', () => {
    onATerminalOf(100);
    const text = simulationText(simulation, out);
    expect(flat(text)).toContain('230 decided otherwise, 184000 as before, 3 undecided, 1 not tried');
    expect(flat(text)).toContain(`- allow → deny: 229 commands of ${longName} on settlement_writer@settlement-ledger-production-eu-west-1, by settlement-read-only-during-the-day; session 0198`);
    expect(text).toContain('      read settlement.correspondent_positions_of_the_european_correspondent_banks\n      write settlement.audit\n');
    expect(flat(text)).toContain('- hold → allow: one command of report on ledger-db, by no rule');
    for (const part of ['and 500 more changes', '3 commands, by office-hours-only, which ask for the time, the address', 'one command: refused by the gateway’s own rule', 'assumed - machines, their groups', 'not tried a.cedar:3:1: warning: a: the rule has no effect']) expect(flat(text)).toContain(part);
    expect(simulationText(calm, out)).toContain('nothing would have been decided otherwise');
  });
});
