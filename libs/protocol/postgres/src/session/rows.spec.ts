import type { CellMask } from '@sallyport/domain-model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDataRow, writeDataRow } from '../messages/data-row.ts';
import { maskRow } from './rows.ts';

const stars: CellMask = () => Buffer.from('***');
const absent: CellMask = () => null;
const leave: CellMask = () => undefined;
const row = (...cells: (string | null)[]) => writeDataRow(cells.map((cell) => (cell === null ? null : Buffer.from(cell))));
const cells = (frame: Buffer) => readDataRow(frame, 5, frame.length);

describe('masking a row', () => {
  it('replaces, removes and leaves cells by their masks', () => {
    const frame = row('1', 'Ada', '219-09-9999', null);
    const masked = maskRow(frame, 5, frame.length, [null, stars, absent, stars]);
    expect(masked && cells(masked)).toEqual(['1', '***', null, null]);
  });

  it('answers null when no mask changes anything, so that the frame passes as it is', () => {
    const frame = row('1', null);
    expect(maskRow(frame, 5, frame.length, [leave, stars])).toBeNull();
  });

  it('refuses a row with another number of cells than its description', () => {
    const frame = row('1', '2');
    expect(() => maskRow(frame, 5, frame.length, [null])).toThrow(/number of cells/);
  });

  it('refuses lengths that lie', () => {
    const frame = row('1', '2');
    frame.writeInt32BE(1000, 7);
    expect(() => maskRow(frame, 5, frame.length, [stars, stars])).toThrow(/longer than its row/);
  });

  it('keeps every cell that has no mask, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.uint8Array({ maxLength: 40 })), { minLength: 1, maxLength: 8 }), fc.nat(7), (values, at) => {
        const frame = writeDataRow(values.map((value) => (value === null ? null : Buffer.from(value))));
        const masks = values.map((_, i): CellMask | null => (i === at ? stars : null));
        const masked = maskRow(frame, 5, frame.length, masks) ?? frame;
        const wanted = writeDataRow(values.map((value, i) => (value === null ? null : i === at ? Buffer.from('***') : Buffer.from(value))));
        expect(masked.equals(wanted)).toBe(true);
      }),
    );
  });
});
