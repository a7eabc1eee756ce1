import { evidenceFollow, type Bus } from '@sallyport/platform-bus';
import type { StoredEvent } from '@sallyport/engine-siem';

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

export interface LeafSource {
  /** Throws SourceError. */
  read(from: number, limit: number): Promise<Page>;
}

/** Leaves by the evidence service's answer. One that has no body any more comes without bytes, and is delivered as that. */
export function busSource(bus: Pick<Bus, 'call'>): LeafSource {
  return {
    async read(from, limit) {
      const answer = await bus.call(evidenceFollow, { from, limit }, 20_000);
      if (!answer.ok) throw new SourceError(`the ledger does not answer: ${answer.error.code}`);
      const { leaves, size } = answer.value;
      leaves.forEach(({ leaf }, i) => {
        if (leaf !== from + i) throw new SourceError(`leaf ${leaf} came where ${from + i} was due`);
      });
      return { size, leaves: leaves.map(({ leaf, event, sha256, received, bytes, openings }) => ({ leaf, openings, noted: { id: event, sha256 }, receivedAt: received === null ? 0 : Date.parse(received), bytes: bytes === null ? null : Buffer.from(bytes, 'base64') })) };
    },
  };
}
