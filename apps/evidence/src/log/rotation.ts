import type { EventData } from '@sallyport/domain-events';
import type { Log } from '@sallyport/platform-telemetry';
import type { LogStore } from './log-store.ts';
import type { Notary } from './notary.ts';

export interface RotationOf {
  readonly notary: Notary;
  readonly store: Pick<LogStore, 'rotations' | 'rotated'>;
  /** The log's name. */
  readonly name: string;
  readonly log: Log;
  /** Resolves when the event is in the ledger. */
  tell(type: 'key.rotated', data: EventData['key.rotated']): Promise<unknown>;
}

/**
 * Where the service was given a second key: has both state that one follows the other, writes that into the log as a leaf, and keeps it for verifiers. Once: a service that starts again with both keys finds
 * it there. Killed between the leaf and the table it writes a second leaf, which says the same.
 */
export async function followKey({ notary, store, name, log, tell }: RotationOf): Promise<void> {
  const rotation = await notary.rotation();
  if (rotation === null) return;
  const { old, next, note } = rotation;
  if ((await store.rotations()).some((one) => one.old === old && one.new === next)) return;
  await tell('key.rotated', { log: name, old, new: next, note });
  await store.rotated({ old, new: next, note });
  log.warn('the key of the log is followed by another; both sign from now on', { old, new: next });
}
