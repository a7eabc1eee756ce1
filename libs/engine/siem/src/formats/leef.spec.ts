import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRecord } from '../read-record.ts';
import { defaults } from '../settings.ts';
import { allTypes } from '../testing/all-types.ts';
import { parseLeef } from '../testing/parsers/leef.ts';
import { hostile, samples, stored } from '../testing/samples.ts';
import { leef } from './leef.ts';

const line = (event: Parameters<typeof readRecord>[0]) => leef(readRecord(event), defaults);

describe('LEEF lines', () => {
  it.each(allTypes)('of %s are read back as they were', (type) => {
    const { header, attributes } = parseLeef(line(stored(type)));
    expect(header).toEqual(['LEEF:2.0', 'Sallyport', 'Sallyport', '0', type, 'x09']);
    expect(attributes.get('leaf')).toBe('17');
    expect(attributes.get('eventId')).toBe('01936000-0000-7000-8000-000000000001');
    expect(Number(attributes.get('sev'))).toBeGreaterThanOrEqual(1);
    expect(Number(attributes.get('sev'))).toBeLessThanOrEqual(10);
    const { key: _, ...data } = samples[type] as Record<string, unknown>;
    expect(JSON.parse(attributes.get('data') ?? '')).toMatchObject(data);
  });

  it('have what a stranger wrote but for control characters, which would end it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: fc.constantFrom('\t', '=', '|', '\n', '\r', '\\', ' ', 'a', 'src=', '^') }), fc.string({ unit: 'binary', maxLength: 60 })), (words) => {
        const { attributes } = parseLeef(line(hostile(words)));
        const kept = words.replace(/[\p{Cc}\u2028\u2029]/gu, ' ');
        expect(attributes.get('usrName')).toBe(kept);
        expect(attributes.get('resource')).toBe(kept);
        // The data are JSON, whose escapes keep C0 controls; DEL, C1 and line separators stand in it as they are.
        const inJson = words.replace(/[\x7f-\x9f\u2028\u2029]/g, ' ');
        expect(JSON.parse(attributes.get('data') ?? '')).toEqual({ request: inJson, code: inJson, say: inJson, what: inJson });
      }),
      { numRuns: 500 },
    );
  });

  it('never have a pipe inside of a header field', () => {
    expect(leef(readRecord(stored('auth.ok')), { ...defaults, version: '1|2' })).toMatch(/^LEEF:2\.0\|Sallyport\|Sallyport\|1\/2\|auth\.ok\|x09\|devTime=/);
  });
});
