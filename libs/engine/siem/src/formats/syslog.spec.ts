import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRecord } from '../read-record.ts';
import { defaults } from '../settings.ts';
import { allTypes } from '../testing/all-types.ts';
import { parseCef } from '../testing/parsers/cef.ts';
import { parseLeef } from '../testing/parsers/leef.ts';
import { parseOctetCounted, parseSyslog } from '../testing/parsers/syslog.ts';
import { hostile, stored } from '../testing/samples.ts';
import { format } from './format.ts';
import { octetCounted } from './octet-counting.ts';
import { syslog } from './syslog.ts';

const message = (event: Parameters<typeof readRecord>[0], name: 'syslog' | 'syslog-cef' | 'syslog-leef' = 'syslog') => String(format(name)(event));
const anyText = fc.oneof(fc.string({ unit: fc.constantFrom('"', ']', '\\', '[', ' ', '=', '\n', '\r', '\t', 'é', '😀', 'a') }), fc.string({ unit: 'binary', maxLength: 60 }));

describe('syslog messages', () => {
  it.each(allTypes)('of %s are of RFC 5424 and name the event in their structured data', (type) => {
    const parsed = parseSyslog(message(stored(type)));
    expect(parsed).toMatchObject({ facility: 13, time: '2026-11-23T03:59:59.123456Z', host: 'sallyport', app: 'sallyport', procId: 'gw-1', msgId: type, bom: false });
    const data = parsed.structured.get('sallyport@32473');
    expect(data?.get('id')).toBe('01936000-0000-7000-8000-000000000001');
    expect(data?.get('leaf')).toBe('17');
    expect(data?.get('sha256')).toMatch(/^[0-9a-f]{64}$/);
    expect(data?.get('prev')).toBe('9'.repeat(64));
    expect(data?.get('checkpoint')).toBe('sallyport.local/default/1 20 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=');
    expect(JSON.parse(parsed.msg)).toMatchObject({ metadata: { event_code: type } });
  });

  it('have the severity of the event', () => {
    expect(parseSyslog(message(stored('log.equivocation'))).severity).toBe(2);
    expect(parseSyslog(message(stored('auth.replay'))).severity).toBe(3);
    expect(parseSyslog(message(stored('auth.failed'))).severity).toBe(4);
    expect(parseSyslog(message(stored('auth.ok'))).severity).toBe(6);
  });

  it('keep what a stranger wrote: JSON all of it, structured data all but control characters', () => {
    fc.assert(
      fc.property(anyText, (words) => {
        const parsed = parseSyslog(message(hostile(words)));
        expect(parsed.structured.get('sallyport@32473')?.get('who')).toBe(words.replace(/[\p{Cc}\u2028\u2029]/gu, ' '));
        expect(JSON.parse(parsed.msg)).toMatchObject({ unmapped: { data: { say: words } } });
      }),
      { numRuns: 500 },
    );
  });

  it('begin a text with the byte order mark if, and only if, it is not of ASCII', () => {
    const record = readRecord(stored('auth.ok'));
    expect(parseSyslog(syslog(record, defaults, 'plain'))).toMatchObject({ bom: false, msg: 'plain' });
    expect(parseSyslog(syslog(record, defaults, 'naïve'))).toMatchObject({ bom: true, msg: 'naïve' });
    expect(message(hostile('é😀'))).toMatch(/^[^\ufeff]*$/);
    expect(parseSyslog(message(hostile('é'), 'syslog-cef')).bom).toBe(true);
  });

  it('carry CEF and LEEF as they are', () => {
    expect(parseCef(parseSyslog(message(stored('auth.ok'), 'syslog-cef')).msg).extension.get('cn1')).toBe('17');
    expect(parseLeef(parseSyslog(message(stored('auth.ok'), 'syslog-leef')).msg).attributes.get('leaf')).toBe('17');
  });

  it('keep to the lengths and letters of header fields', () => {
    const record = readRecord(stored('auth.ok'));
    expect(parseSyslog(syslog(record, { ...defaults, host: `über ${'h'.repeat(400)}` }, 'x')).host).toBe(`_ber_${'h'.repeat(250)}`);
    expect(parseSyslog(syslog(record, { ...defaults, host: '' }, 'x')).host).toBe('-');
  });

  it('framed by octet counting come out of the stream as they went in', () => {
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 1, maxLength: 5 }), (texts) => {
        const messages = texts.map((words) => message(hostile(words), 'syslog-cef'));
        // What UTF-8 cannot say (half a surrogate pair) is replaced, and counted as what it was replaced by.
        expect(parseOctetCounted(Buffer.concat(messages.map(octetCounted)))).toEqual(messages.map((text) => text.toWellFormed()));
      }),
    );
  });
});
