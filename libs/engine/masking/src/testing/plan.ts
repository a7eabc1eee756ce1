import type { CellMask, ColumnRef, ColumnTag, MaskPlan } from '@sallyport/domain-model';
import { detectorNames } from '@sallyport/domain-model';
import { createMasker } from '../index.ts';

export const key = Buffer.alloc(32, 7);

export function plan(columns: readonly ColumnTag[] = [], detectors: MaskPlan['detectors'] = detectorNames): MaskPlan {
  return { id: 'plan-1', target: 'ledger-db', columns, detectors, large: [] };
}

export function column(over: Partial<ColumnRef> = {}): ColumnRef {
  return { name: 'c', origin: 'ledger.notes.body', lineage: null, type: 'text', format: 'text', ...over };
}

/** A value inside of other bytes, as a cell lies in a chunk: what is around it must not matter. */
export function run(mask: CellMask, value: string | Uint8Array, around = 'x9@'): string | null | undefined {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  const margin = Buffer.from(around);
  const result = mask(Buffer.concat([margin, bytes, margin]), margin.length, margin.length + bytes.length);
  return result instanceof Uint8Array ? Buffer.from(result).toString('utf8') : result;
}

/** What becomes of a value in a column without a rule; the value itself when it passes. */
export function detect(value: string | Uint8Array, over: Partial<ColumnRef> = {}, detectors: MaskPlan['detectors'] = detectorNames): string | null {
  const [mask] = createMasker(plan([], detectors), key).bind([column(over)], { touchesTagged: false }, new Set()).cells;
  if (!mask) throw new Error('the column is not looked at');
  const result = run(mask, value);
  return result === undefined ? Buffer.from(value).toString('utf8') : result;
}
