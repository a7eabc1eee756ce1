import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePieces, encodePieces, MalformedRecordingError, type RecordedPiece } from './recording.ts';

const piece = fc.record<RecordedPiece>({ kind: fc.constantFrom('out', 'err', 'size'), at: fc.nat(), bytes: fc.uint8Array({ maxLength: 40 }) });

describe('segments of recordings', () => {
  it('are read as they were written', () => {
    fc.assert(fc.property(fc.array(piece), (pieces) => {
      expect(decodePieces(encodePieces(pieces)).map((one) => ({ ...one, bytes: [...one.bytes] }))).toEqual(pieces.map((one) => ({ ...one, bytes: [...one.bytes] })));
    }));
  });

  it('that are cut anywhere else than between pieces are damaged, not shorter', () => {
    const whole = encodePieces([{ kind: 'out', at: 1, bytes: Buffer.from('abc') }, { kind: 'err', at: 2, bytes: Buffer.from('d') }]);
    const good = new Set([1, 17, whole.length]);
    for (let end = 0; end <= whole.length; end++) {
      if (good.has(end)) expect(decodePieces(whole.subarray(0, end)).length).toBeLessThan(3);
      else expect(() => decodePieces(whole.subarray(0, end))).toThrow(MalformedRecordingError);
    }
  });
});
