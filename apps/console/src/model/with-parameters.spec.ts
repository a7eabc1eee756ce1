import { parameterLines } from '@sallyport/domain-model';
import { describe, expect, it } from 'vitest';
import { withParameters } from './with-parameters.ts';

const block = Buffer.from('0000000200000002686900000000', 'hex').subarray(0, 10);
const two = Buffer.concat([block, Buffer.from('ffffffff', 'hex')]);
const event = (kind: string | null) => Buffer.from(JSON.stringify({ v: 1, on: kind === null ? null : { target: 'db', kind, env: 'prod' } })).toString('base64');
const replayed = (bytes: string, role: string, text: string | null) => withParameters({ events: [{ bytes, openings: [], texts: [{ role, text }] }], unreadable: null }).events[0]?.texts[0];
const linesOf = (bytes: string, text: string) => parameterLines(replayed(bytes, 'params', text)?.parameters ?? { list: [], missing: 'none' });

describe('bound parameters in a replay', () => {
  it('are shown by the protocol of the event, beside the bytes that were kept', () => {
    const text = `base64:${two.toString('base64')}`;
    expect(linesOf(event('postgres'), text)).toEqual(["$1 = 'hi'", '$2 = NULL']);
    expect(replayed(event('postgres'), 'params', text)?.text).toBe(text);
  });

  it('that are no parameter block are unreadable, and say how long they are', () => {
    expect(linesOf(event('postgres'), 'abc')).toEqual(['unreadable (3 bytes)']);
  });

  it.each([['of another protocol', event('other')], ['without a target', event(null)], ['in an event that cannot be read', Buffer.from('no').toString('base64')]])('%s stay as they are', (_name, bytes) => {
    expect(replayed(bytes, 'params', 'base64:AAAA')).toEqual({ role: 'params', text: 'base64:AAAA', parameters: null });
  });

  it('are not looked for in other texts, nor in what could not be opened', () => {
    expect(replayed(event('postgres'), 'text', 'select 1')?.parameters).toBeNull();
    expect(replayed(event('postgres'), 'params', null)).toEqual({ role: 'params', text: null, parameters: null });
  });
});
