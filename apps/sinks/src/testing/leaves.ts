import { EventChain } from '@sallyport/domain-events';
import { uuidv7 } from '@sallyport/domain-model';
import type { StoredEvent } from '@sallyport/engine-siem';

const wall = '2026-11-23T04:00:00.000001Z';

/** Leaves of a small ledger: heartbeats and, each fourth, a decided command. */
export function leaves(count: number): StoredEvent[] {
  const chain = new EventChain({ tenant: 'default', sid: uuidv7(), producer: { id: 'gw-1', epoch: uuidv7() } }, { who: null, on: null });
  return Array.from({ length: count }, (_, leaf) => {
    const stamp = { id: uuidv7(), pseq: leaf + 1, wall, monoUs: leaf };
    const bytes = leaf % 4 === 3 ? chain.write('nhi.suspended', { machine: `m-${leaf}`, why: 'a test' }, stamp) : chain.write('producer.heartbeat', { pseq: leaf, sessions: 0 }, stamp);
    return { leaf, bytes, receivedAt: Date.UTC(2026, 10, 23, 4) };
  });
}
