import { describe, expect, it } from 'vitest';
import type { StreamLeaf } from './evidence-stream.ts';
import { resumeAt } from './resume.ts';

/** A stream of leaves `index:hash` (`-` is no leaf), of which the first `gone` have aged; the ledger has `hash` for each leaf. */
function resume(stream: string, ledger: string, { gone = 0, cursor = 0 } = {}) {
  const messages = stream.split(' ').filter((text) => text !== '');
  const leafAt = (sequence: number, first: number): Promise<StreamLeaf | null> => {
    for (let at = sequence; at >= Math.max(first, 1); at--) {
      const [leaf = '', sha256 = ''] = messages[at - 1]?.split(':') ?? [];
      if (leaf !== '-') return Promise.resolve({ sequence: at, leaf: Number(leaf), sha256 });
    }
    return Promise.resolve(null);
  };
  const locate = async () => ({ sequence: messages.length, first: gone + 1, leaf: await leafAt(messages.length, gone + 1) });
  const errors: string[] = [];
  const store = { hashOf: (leaf: number) => Promise.resolve(ledger[leaf] ?? null), cursor: () => Promise.resolve({ next: cursor, epoch: 0, size: 0 }) };
  return resumeAt({ locate, leafAt }, store, { error: (text: string) => void errors.push(text) }).then((next) => ({ next, told: errors.length }));
}

describe('where publishing goes on', () => {
  it('at the beginning of a stream that never had a message', async () => expect(await resume('', 'abc', { cursor: 2 })).toEqual({ next: 0, told: 0 }));
  it('at the cursor when everything has aged', async () => expect(await resume('0:a 1:b', 'abc', { gone: 2, cursor: 2 })).toEqual({ next: 2, told: 0 }));
  it('behind the last leaf, whatever the cursor says', async () => expect(await resume('0:a 1:b -', 'abcd', { cursor: 4 })).toEqual({ next: 2, told: 0 }));
  it('behind the last leaf of the publisher, past copies of old ones', async () => expect(await resume('0:a 1:b - 2:c 0:a 1:b 0:a', 'abcd')).toEqual({ next: 3, told: 0 }));
  it('at the first leaf that a restored database has otherwise, and says so', async () => expect(await resume('0:a 1:b - 2:c 3:d 4:e', 'abXY')).toEqual({ next: 2, told: 1 }));
  it('behind what was published again after that', async () => expect(await resume('0:a 1:b - 2:c 3:d 4:e 2:X 3:Y', 'abXYZ')).toEqual({ next: 4, told: 0 }));
  it('at the first leaf that it still has, when none is the ledger’s', async () => expect(await resume('0:a 1:b 2:c', 'xyz', { gone: 1 })).toEqual({ next: 1, told: 1 }));
});
