import { randomUUID } from 'node:crypto';
import { EventChain, type EventData, type EventType } from '@sallyport/domain-events';
import { instant, systemClock, uuidv7 } from '@sallyport/domain-model';
import { parseEnvelope } from '@sallyport/engine-evidence';
import { packBatch } from '../model/batch.ts';
import type { Ledger } from '../store/ledger.ts';

/**
 * Writes what the ledger has to say of itself straight into it, in a chain of its own. Not by the outbox: in a database that was set back, the
 * outbox's counters were set back too, and the bus would take its next events for those that it had.
 * @returns the event's id, once it is in the ledger
 */
export async function appendOwnEvent<T extends EventType>(ledger: Ledger, tenant: string, type: T, data: EventData[T]): Promise<string> {
  const producer = { id: 'evidence', epoch: randomUUID() };
  const id = uuidv7();
  const chain = new EventChain({ tenant, sid: producer.epoch, producer }, { who: null, on: null });
  const bytes = chain.write(type, data, { id, pseq: 1, wall: instant(systemClock.now()), monoUs: systemClock.monoUs() });
  await ledger.append(packBatch([{ event: parseEnvelope(bytes), bytes, blobs: [] }]));
  return id;
}
