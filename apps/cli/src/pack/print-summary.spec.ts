import { examine, prepare, summaryDocument, type SummaryDocument } from '@sallyport/engine-examiner';
import { describe, expect, it } from 'vitest';
import { printSummary } from './print-summary.ts';

function summary(): SummaryDocument {
  const examination = prepare({ facts: [], period: { from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z' }, leaves: { from: 0, to: 0 }, scope: 'all', seed: '1', sample: 5, log: null });
  return summaryDocument(examination, examine(examination), { tenant: 'default', checkpoint: null, generator: 'sallyport test' });
}

describe('the printer', () => {
  it('prints a PDF, and the same bytes for the same summary', async () => {
    const [one, two] = [await printSummary(summary()), await printSummary(summary())];
    expect(Buffer.from(one).subarray(0, 5).toString()).toBe('%PDF-');
    expect(Buffer.from(one).equals(two)).toBe(true);
  });
  it('reads no file and no address that a summary might name', async () => {
    const { definition, layouts } = summary();
    for (const image of ['/etc/hostname', 'http://127.0.0.1:1/x.png']) await expect(printSummary({ layouts, definition: { ...definition, content: [{ image }] } })).rejects.toThrow();
  });
});
