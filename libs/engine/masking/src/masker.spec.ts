import type { MaskAction } from '@sallyport/domain-model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMasker } from './index.ts';
import { column, detect, key, plan, run } from './testing/plan.ts';

const rule = (action: MaskAction) => ({ column: 'ledger.customers.ssn', tag: 'us.ssn', action }) as const;

describe('a bound result', () => {
  it('counts cells by column, tag, action and layer, and never names a computed column by its alias', () => {
    const bound = createMasker(plan([rule('redact')]), key).bind(
      [
        column({ origin: 'ledger.customers.ssn', name: 'a' }),
        column({ origin: 'none', name: '4111111111111111' }),
        column({ origin: 'ledger.notes.body' }),
        column({ origin: 'ledger.notes.at', type: 'temporal' }),
        column({ origin: 'none', lineage: { sources: ['ledger.customers.ssn'], proven: true }, type: 'number' }),
      ],
      { touchesTagged: true }, new Set(),
    );
    expect(bound.ruled).toBe(true);
    expect(bound.counts()).toEqual([]);
    for (const value of ['123-45-6789', 'x ann@example.com 4111111111111111']) for (const mask of bound.cells) if (mask) run(mask, value);
    expect(bound.counts()).toEqual([
      { column: 'ledger.customers.ssn', tag: 'us.ssn', action: 'redact', layer: 'origin', cells: 2 },
      { column: '#2', tag: 'unknown', action: 'redact', layer: 'unknown', cells: 2 },
      { column: '#5', tag: 'us.ssn', action: 'null', layer: 'lineage', cells: 2 },
      { column: 'ledger.notes.body', tag: 'pci.pan', action: 'last4', layer: 'content', cells: 1 },
      { column: 'ledger.notes.body', tag: 'us.ssn', action: 'last4', layer: 'content', cells: 1 },
      { column: 'ledger.notes.body', tag: 'person.email', action: 'redact', layer: 'content', cells: 1 },
    ]);
  });

  it('passes everything when nothing is classified', () => {
    const masker = createMasker(null, new Uint8Array());
    const bound = masker.bind([column()], { touchesTagged: true }, new Set());
    expect([masker.plan, bound.cells, bound.ruled, bound.counts(), masker.scrub('"123-45-6789"')]).toEqual([null, [null], false, [], '"123-45-6789"']);
  });

  it('has no mask for columns that neither a rule nor a detector looks at', () => {
    const bound = createMasker(plan([], []), key).bind([column()], { touchesTagged: true }, new Set());
    expect([bound.cells, bound.ruled]).toEqual([[null], false]);
  });
});

describe('what comes out', () => {
  const secrets = ['4111111111111111', '4111 1111 1111 1111', '123-45-6789', 'DE89370400440532013000', 'ann.lee@example.com', '+48 123 456 789', '212-555-0123'];
  const filler = fc.string({ unit: fc.constantFrom(...'abcxyz ,;:!?()[]{}<>\n\t"\'é漢😀'), maxLength: 60 });

  it('never holds the value, raw, in hex or in base64, by rule or by detector', () => {
    const forms = (value: string) => [value, value.replace(/\D/g, '').slice(0, -4), Buffer.from(value).toString('hex'), Buffer.from(value).toString('base64').slice(0, -3)].filter((form) => form.length > 5);
    fc.assert(
      fc.property(fc.constantFrom(...secrets), filler, filler, fc.constantFrom<MaskAction>('redact', 'last4', 'token', 'null'), (secret, before, after, action) => {
        const [ruled] = createMasker(plan([rule(action)]), key).bind([column({ origin: 'ledger.customers.ssn' })], { touchesTagged: true }, new Set()).cells;
        const outputs = [detect(`${before} ${secret} ${after}`), ruled ? run(ruled, secret) : secret];
        for (const output of outputs) for (const form of forms(secret)) expect(output ?? '').not.toContain(form);
      }),
    );
  });

  it('does not depend on where in the chunk the cell lies or what is around it', () => {
    const cell = fc.oneof(fc.string({ unit: 'binary' }), fc.tuple(filler, fc.constantFrom(...secrets), filler).map((parts) => parts.join('')));
    const [mask] = createMasker(plan(), key).bind([column()], { touchesTagged: false }, new Set()).cells;
    if (!mask) throw new Error('no mask');
    fc.assert(
      fc.property(cell, fc.constantFrom('', '4', '411111111111111', 'a@b.', '+48 ', '\\', 'DE', '-', '\uff14'), (value, around) => {
        expect(run(mask, value, around)).toEqual(run(mask, value, ''));
      }),
    );
  });

  it('leaves the cell as it was when nothing is found, and everything around a hit', () => {
    fc.assert(
      fc.property(filler, fc.constantFrom(...secrets), filler, (before, secret, after) => {
        const masked = detect(`${before}; ${secret} ;${after}`);
        expect(masked?.startsWith(`${before}; `)).toBe(true);
        expect(masked?.endsWith(` ;${after}`)).toBe(true);
      }),
    );
  });

  it('is masked already: a second time changes nothing', () => {
    fc.assert(
      fc.property(filler, fc.constantFrom(...secrets), filler, fc.constantFrom<MaskAction>('redact', 'last4'), (before, secret, after, action) => {
        const once = detect(`${before}; ${secret} ;${after}`) ?? '';
        expect(detect(once)).toBe(once);
        const [mask] = createMasker(plan([rule(action)]), key).bind([column({ origin: 'ledger.customers.ssn' })], { touchesTagged: true }, new Set()).cells;
        const ruled = mask ? run(mask, secret) : '';
        expect(mask ? run(mask, ruled ?? '') : '').toBe(ruled);
      }),
    );
  });

  it('is never much longer than what came in', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...secrets, 'a@b.co'), filler), { maxLength: 30 }), (parts) => {
        const value = parts.join(' ');
        expect((detect(value) ?? '').length).toBeLessThanOrEqual(value.length + 8 * parts.length + 8);
      }),
    );
  });

  it('keeps results that were handed out while more are made', () => {
    const [mask] = createMasker(plan(), key).bind([column()], { touchesTagged: false }, new Set()).cells;
    const value = Buffer.from('ann@example.com');
    const kept = Array.from({ length: 20_000 }, () => mask?.(value, 0, value.length));
    expect(kept.every((bytes) => bytes && Buffer.from(bytes).toString() === 'a***@e***')).toBe(true);
  });

  it('masks a cell of many megabytes in time', () => {
    const value = Buffer.from(`${'1 '.repeat(400_000)}4111 1111 1111 1111${'9'.repeat(4_000_000)} ann@example.com`);
    const [mask] = createMasker(plan(), key).bind([column()], { touchesTagged: false }, new Set()).cells;
    const before = performance.now();
    const masked = mask?.(value, 0, value.length);
    expect(performance.now() - before).toBeLessThan(4_000);
    expect(Buffer.from(masked ?? []).toString().endsWith(' a***@e***')).toBe(true);
  });
});
