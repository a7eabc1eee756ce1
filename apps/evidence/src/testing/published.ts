import { jetstreamManager } from '@nats-io/jetstream';
import type { Bus } from '@sallyport/platform-bus';
import { header } from '../publish/message.ts';

export interface PublishedMessage {
  readonly subject: string;
  /** Null for what is no leaf. */
  readonly leaf: number | null;
  readonly sha256: string | null;
  readonly bytes: Uint8Array;
}

/** Everything that the stream EVIDENCE holds, by a user that may look into it. */
export async function readPublished(bus: Bus): Promise<PublishedMessage[]> {
  const manager = await jetstreamManager(bus.nc);
  const { state } = await manager.streams.info('EVIDENCE');
  const messages: PublishedMessage[] = [];
  for (let from = state.first_seq; from <= state.last_seq; from += 200) {
    const some = Array.from({ length: Math.min(200, state.last_seq - from + 1) }, (_, i) => manager.streams.getMessage('EVIDENCE', { seq: from + i }));
    for (const message of await Promise.all(some)) {
      if (message === null) throw new Error('a sequence of EVIDENCE is missing');
      const leaf = message.header.get(header.leaf);
      messages.push({ subject: message.subject, leaf: leaf === '' ? null : Number(leaf), sha256: message.header.get(header.sha256) || null, bytes: message.data });
    }
  }
  return messages;
}
