import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRecord } from '../read-record.ts';
import { defaults } from '../settings.ts';
import { allTypes } from '../testing/all-types.ts';
import { parseCef } from '../testing/parsers/cef.ts';
import { epoch, head, hostile, samples, sid, stored } from '../testing/samples.ts';
import { cef } from './cef.ts';

const line = (event: Parameters<typeof readRecord>[0]) => cef(readRecord(event), defaults);

describe('CEF lines', () => {
  it.each(allTypes)('of %s are read back as they were', (type) => {
    const { header, extension } = parseCef(line(stored(type)));
    expect(header.slice(0, 5)).toEqual(['CEF:0', 'Sallyport', 'Sallyport', '0', type]);
    expect(Number(header[6])).toBeGreaterThanOrEqual(0);
    expect(Number(header[6])).toBeLessThanOrEqual(10);
    expect(extension.get('externalId')).toBe('01936000-0000-7000-8000-000000000001');
    expect([extension.get('cn1Label'), extension.get('cn1')]).toEqual(['leaf', '17']);
    expect(extension.get('cs2Label')).toBe('chain');
    expect([sid, epoch]).toContain(extension.get('cs2'));
    const { key: _, ...data } = samples[type] as Record<string, unknown>;
    expect(JSON.parse(extension.get('cs6') ?? '')).toMatchObject(data);
  });

  it('have what a stranger wrote, line ends too, and stay one line', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: fc.constantFrom('\\', '=', '|', '\n', '\r', ' ', 'a', 'cs1', '\\=', 'n') }), fc.string({ unit: 'binary', maxLength: 60 })), (words) => {
        const text = line(hostile(words));
        expect(text).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        const kept = words.replace(/[^\P{Cc}\r\n]|[\u2028\u2029]/gu, ' ');
        const { extension } = parseCef(text);
        expect(extension.get('suser')).toBe(kept);
        expect(extension.get('reason')).toBe(kept);
        expect(extension.get('destinationServiceName')).toBe(kept);
        expect(extension.get('cs1')).toMatch(/^[0-9a-f]{64}$/);
      }),
      { numRuns: 500 },
    );
  });

  it('escape a header with pipes, backslashes and line ends', () => {
    const text = cef(readRecord(stored('auth.ok')), { ...defaults, version: '1|2\\3\n4' });
    expect(text.startsWith('CEF:0|Sallyport|Sallyport|1\\|2\\\\3 4|auth.ok|')).toBe(true);
    expect(parseCef(text).header[3]).toBe('1|2\\3 4');
  });

  it('put IPv6 where version 0 has a place for it', () => {
    const { extension } = parseCef(line(stored('auth.failed')));
    expect(extension.get('c6a2')).toBe('2001:db8::7');
    expect(extension.has('src')).toBe(false);
    expect(parseCef(line(stored('auth.ok'))).extension.get('src')).toBe('10.0.0.7');
  });

  it('of checkpoints have whole lines of the note, however many witnesses there are', () => {
    const { extension } = parseCef(line(head));
    expect(extension.get('cs6')).toBe(head.note);
    const many = { ...head, note: head.note + '— witness.example/w2 fBGn0pzmTBE=\n'.repeat(200) };
    const kept = parseCef(line(many)).extension.get('cs6') ?? '';
    expect(kept.length).toBeLessThanOrEqual(4000);
    expect(many.note.startsWith(kept) && kept.endsWith('=\n')).toBe(true);
  });

  it('cut data that are too long for a custom string, and show that they did', () => {
    const { extension } = parseCef(line(stored('command.decided', { shape: '😀'.repeat(4000) })));
    const data = extension.get('cs6') ?? '';
    expect(data.length).toBeLessThanOrEqual(4000);
    expect(data.endsWith('…')).toBe(true);
    expect(data.isWellFormed()).toBe(true);
  });
});
