import type { Turn } from '../deliver/course.ts';
import type { Cursor } from '../store/cursors.ts';
import { DeliveryError } from '../transports/transport.ts';

/** A worker's part without its database and pauses: the first failure ends the attempt. */
export interface PlainTurn extends Turn {
  cursor: Cursor;
  setBacks: number;
}

export function plainTurn(): PlainTurn {
  const self: PlainTurn = {
    name: 'test', signal: new AbortController().signal, setBacks: 0,
    cursor: { next: 0, batchLast: null, checkpoint: { epoch: 0, size: 0 }, turn: 0, sha256: null, stalledAt: null },
    seen: () => undefined,
    marks: () => Promise.resolve([]),
    attempt: (work) => work(),
    intend(last) {
      self.cursor = { ...self.cursor, batchLast: self.cursor.batchLast ?? last };
      return Promise.resolve(self.cursor.batchLast ?? last);
    },
    moved(to) {
      if (to.next < self.cursor.next) throw new DeliveryError('refused', 'a cursor goes on');
      self.cursor = { ...self.cursor, next: to.next, batchLast: null, checkpoint: to.checkpoint ?? self.cursor.checkpoint, sha256: to.sha256 };
      return Promise.resolve();
    },
    setBack(to, epoch) {
      self.setBacks++;
      self.cursor = { ...self.cursor, next: to, batchLast: null, checkpoint: epoch === undefined ? { ...self.cursor.checkpoint, size: Math.min(self.cursor.checkpoint.size, to) } : { epoch, size: 0 }, turn: self.cursor.turn + 1, sha256: null };
      return Promise.resolve();
    },
  };
  return self;
}
