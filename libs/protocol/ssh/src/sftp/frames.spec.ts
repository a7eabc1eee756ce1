import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SftpFrameError, SftpFrames } from './frames.ts';

/** What becomes of a stream in these pieces: the messages, and whether it was refused. */
function read(stream: Buffer, cuts: readonly number[]): { readonly messages: string[]; readonly refused: boolean } {
  const frames = new SftpFrames();
  const messages: string[] = [];
  const places = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length];
  try {
    places.slice(1).forEach((end, i) => frames.push(stream.subarray(places[i], end), (frame) => messages.push(frame.toString('hex'))));
  } catch (error) {
    expect(error).toBeInstanceOf(SftpFrameError);
    return { messages, refused: true };
  }
  return { messages, refused: false };
}

const sane = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((body) => {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
});
const stream = fc.array(fc.oneof({ weight: 4, arbitrary: sane }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)) }), { maxLength: 8 }).map((parts) => Buffer.concat(parts));

describe('messages of SFTP in a stream', () => {
  it('are the same however it is cut, and a length that none may have is refused', () => {
    fc.assert(fc.property(stream, fc.array(fc.nat({ max: 5000 }), { maxLength: 20 }), (bytes, cuts) => {
      expect(read(bytes, cuts)).toEqual(read(bytes, []));
    }), { numRuns: 3_000 });
  });

  it('costs no memory for a message that is only announced', () => {
    expect(read(Buffer.from('ffffffff', 'hex'), [])).toEqual({ messages: [], refused: true });
    expect(read(Buffer.from('00000000', 'hex'), [])).toEqual({ messages: [], refused: true });
  });
});
