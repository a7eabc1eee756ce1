import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameSplitter, type FrameLimits, type OnFrame } from './frame-splitter.ts';

function frame(type: number, body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(5 + body.length);
  bytes[0] = type;
  bytes.writeUInt32BE(4 + body.length, 1);
  bytes.set(body, 5);
  return bytes;
}

/** Pushes the stream in pieces and gives each frame as hex of its whole bytes. */
function split(stream: Buffer, cuts: readonly number[], limits: FrameLimits = { maxFrame: 1 << 20 }): string[] {
  const splitter = new FrameSplitter(limits);
  const seen: string[] = [];
  const onFrame: OnFrame = (type, bytes, start, end) => {
    expect(bytes[start - 5]).toBe(type);
    seen.push(bytes.toString('hex', start - 5, end));
  };
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b).filter((c) => c <= stream.length)) {
    // Each piece is its own memory and is wiped after the push: whatever was not copied shows.
    const piece = Buffer.from(stream.subarray(from, cut));
    splitter.push(piece, onFrame);
    piece.fill(0xee);
    from = cut;
  }
  splitter.push(Buffer.from(stream.subarray(from)), onFrame);
  return seen;
}

const frames = fc.array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 300 })), { maxLength: 12 });

describe('FrameSplitter', () => {
  it('finds the frames of a real psql exchange in one chunk, in place', () => {
    const chunk = Buffer.from(
      '51' + '0000000d' + '73656c656374203100' + // Query "select 1"
        '58' + '00000004', // Terminate
      'hex',
    );
    const seen: [number, boolean, number, number][] = [];
    new FrameSplitter({ maxFrame: 1024 }).push(chunk, (type, bytes, start, end) => void seen.push([type, bytes === chunk, start, end]));
    expect(seen).toEqual([
      [0x51, true, 5, 14],
      [0x58, true, 19, 19],
    ]);
  });

  it('gives the same frames for any split of the stream', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat(4000), { maxLength: 40 }), (list, cuts) => {
        const stream = Buffer.concat(list.map(([type, body]) => frame(type, body)));
        expect(split(stream, cuts)).toEqual(list.map(([type, body]) => frame(type, body).toString('hex')));
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same frames when every byte comes alone', () => {
    const list = [frame(0x50, Buffer.alloc(70_000, 7)), frame(0x53, Buffer.alloc(0)), frame(0x51, Buffer.from('x\0'))];
    const stream = Buffer.concat(list);
    const every = Array.from({ length: stream.length }, (_, i) => i);
    expect(split(stream, every)).toEqual(list.map((f) => f.toString('hex')));
  });

  it('stops after any frame on request and goes on with the rest, pushed or kept, in order', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat(4000), { maxLength: 20 }), fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), (list, cuts, stops) => {
        const stream = Buffer.concat(list.map(([type, body]) => frame(type, body)));
        const splitter = new FrameSplitter({ maxFrame: 1 << 20 });
        const seen: string[] = [];
        const onFrame: OnFrame = (_type, bytes, start, end) => {
          expect(splitter.stopped).toBe(false);
          seen.push(bytes.toString('hex', start - 5, end));
          return stops[seen.length - 1] === true ? 'stop' : undefined;
        };
        let from = 0;
        for (const cut of [...cuts, stream.length].sort((a, b) => a - b).filter((c) => c <= stream.length)) {
          const before = seen.length;
          const wasStopped = splitter.stopped;
          const piece = Buffer.from(stream.subarray(from, cut));
          splitter.push(piece, onFrame);
          piece.fill(0xee);
          if (wasStopped) expect(seen.length).toBe(before);
          from = cut;
        }
        for (let guard = 0; splitter.stopped && guard < 50; guard++) splitter.resume(onFrame);
        expect(seen).toEqual(list.map(([type, body]) => frame(type, body).toString('hex')));
        expect(splitter.kept).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses a frame over the limit as soon as its header is known', () => {
    const splitter = new FrameSplitter({ maxFrame: 1000 });
    const header = Buffer.from('5100000400', 'hex'); // 1024 + 1 bytes announced
    expect(() => splitter.push(header, () => undefined)).toThrowError(expect.objectContaining({ code: 'ERR_FRAME_TOO_LARGE' }));
  });

  it('holds the smaller limit against types that are not large', () => {
    const limits = { maxFrame: 1 << 20, maxSmall: 100, large: (type: number) => type === 0x51 };
    const big = Buffer.alloc(200, 1);
    expect(split(frame(0x51, big), [3, 50], limits)).toHaveLength(1);
    expect(() => split(frame(0x53, big), [3], limits)).toThrowError(expect.objectContaining({ code: 'ERR_FRAME_TOO_LARGE' }));
  });

  it('reads the length without a sign: 0xffffffff is too large, not negative', () => {
    expect(() => split(Buffer.from('51ffffffff', 'hex'), [])).toThrowError(expect.objectContaining({ code: 'ERR_FRAME_TOO_LARGE' }));
  });

  it('refuses a length that is smaller than itself', () => {
    expect(() => split(Buffer.from('5100000003', 'hex'), [2])).toThrowError(expect.objectContaining({ code: 'ERR_MALFORMED_FRAME' }));
  });

  it('spends no memory on an announced length, only on received bytes', () => {
    const splitters: FrameSplitter[] = [];
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 200; i++) {
      const splitter = new FrameSplitter({ maxFrame: 2 ** 31 });
      splitter.push(Buffer.from('6470000000aabb', 'hex'), () => undefined); // CopyData of 1.8 GB announced
      splitters.push(splitter);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200 * 32 * 1024);
    expect(splitters.every((s) => s.kept === 7)).toBe(true);
  });

  it('completes a big frame from many pieces in time linear in its size', () => {
    const piece = Buffer.alloc(8192, 1);
    const cost = (megabytes: number): number => {
      const splitter = new FrameSplitter({ maxFrame: 2 ** 30 });
      const head = Buffer.alloc(5);
      head[0] = 0x64;
      head.writeUInt32BE(4 + megabytes * 2 ** 20, 1);
      let whole = 0;
      const began = performance.now();
      splitter.push(head, () => undefined);
      for (let i = 0; i < megabytes * 128; i++) splitter.push(piece, (_t, _b, start, end) => void (whole = end - start));
      expect(whole).toBe(megabytes * 2 ** 20);
      return performance.now() - began;
    };
    cost(4);
    // 16 times the bytes; quadratic copying would take 256 times as long.
    expect(cost(64)).toBeLessThan(Math.max(cost(4), 2) * 100);
  });
});
