import { describe, expect, it } from 'vitest';
import { format, formatNames, type FormatName } from '../formats/format.ts';
import { allTypes } from './all-types.ts';
import { head, stored } from './samples.ts';

/**
 * One example of each type, to be read by people and to show what a change changes. Formats that only wrap another have two.
 */
const everyType: readonly FormatName[] = ['ocsf', 'ecs', 'cef', 'leef', 'jsonl'];
const endings: Partial<Record<FormatName, string>> = { cef: 'txt', leef: 'txt', syslog: 'txt', 'syslog-cef': 'txt', 'syslog-leef': 'txt', 'elastic-bulk': 'ndjson', jsonl: 'jsonl' };

describe('golden examples', () => {
  it.each(formatNames)('of %s are as they were', async (name) => {
    const render = format(name);
    const types = everyType.includes(name) ? allTypes : (['session.opened', 'command.decided'] as const);
    const out = [...types.map((type) => render(stored(type))), render(head)];
    const text = out.every((one) => typeof one === 'string') ? out.map((one) => (one.endsWith('\n') ? one : `${one}\n`)).join('') : `${JSON.stringify(Object.fromEntries([...types, 'log.checkpoint'].map((type, i) => [type, out[i]])), null, 1)}\n`;
    await expect(text).toMatchFileSnapshot(`golden/${name}.${endings[name] ?? 'json'}`);
  });
});
