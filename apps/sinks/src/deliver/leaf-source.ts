import { evidenceFollow, logCheckpoints, logTile, type Bus } from '@sallyport/platform-bus';
import type { SignedCheckpoint, StoredEvent } from '@sallyport/engine-siem';
import type { Place } from '../store/cursors.ts';

/** The ledger does not answer: no fault of the sink. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly code = 'ERR_SOURCE';
}

export interface Page {
  /** In order and without a gap, from the leaf that was asked for. */
  readonly leaves: readonly StoredEvent[];
  /** Leaves that there are. */
  readonly size: number;
}

/** A signed checkpoint with the number of its epoch: 2 after the ledger was set back once. */
export interface SignedHead extends SignedCheckpoint {
  readonly epoch: number;
}

/** What the ledger tells the sinks. Each throws SourceError. */
export interface LeafSource {
  read(from: number, limit: number): Promise<Page>;
  /** The next ones behind that place, oldest first. */
  checkpoints(after: Place): Promise<readonly SignedHead[]>;
  /** Hashes of one tile of the log (C2SP tlog-tiles), 32 bytes each. */
  tile(level: number, index: number, width: number): Promise<Uint8Array>;
}

const withinMs = 20_000;
/** Checkpoints in one answer: a note with many witnesses has some kilobytes. */
const mostHeads = 100;

/**
 * By the evidence service's answers. A leaf that has no body any more, because it was purged or was taken away, comes with `bytes: null` and what the ledger noted of it
 * (id and hash, if the row is there), and is delivered as that.
 */
export function busSource(bus: Pick<Bus, 'call'>): LeafSource {
  return {
    async read(from, limit) {
      const answer = await bus.call(evidenceFollow, { from, limit }, withinMs);
      if (!answer.ok) throw new SourceError(`the ledger does not answer: ${answer.error.code}`);
      const { leaves, size } = answer.value;
      leaves.forEach(({ leaf }, i) => {
        if (leaf !== from + i) throw new SourceError(`leaf ${leaf} came where ${from + i} was due`);
      });
      return { size, leaves: leaves.map(({ leaf, event, sha256, received, bytes }) => ({ leaf, noted: { id: event, sha256 }, receivedAt: received === null ? 0 : Date.parse(received), bytes: bytes === null ? null : Buffer.from(bytes, 'base64') })) };
    },

    async checkpoints({ epoch, size }) {
      const answer = await bus.call(logCheckpoints, { after: { epoch, size }, limit: mostHeads }, withinMs);
      if (!answer.ok) throw new SourceError(`the log does not answer: ${answer.error.code}`);
      return answer.value.checkpoints.map(({ at, ...head }) => ({ ...head, signedAt: Date.parse(at), root: head.note.split('\n', 3)[2] ?? '' }));
    },

    async tile(level, index, width) {
      const answer = await bus.call(logTile, { level, index, width }, withinMs);
      if (!answer.ok) throw new SourceError(`the log does not answer: ${answer.error.code}`);
      return Buffer.from(answer.value.hashes, 'base64');
    },
  };
}
