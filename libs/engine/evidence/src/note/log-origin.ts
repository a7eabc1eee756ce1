import { refuse } from './note-error.ts';
import { fromDecimal } from './text.ts';
import { isKeyName } from './verifier-key.ts';

/** The origin of one epoch of a log: `<log name>/<epoch number>`. The log name is the name of its key. Throws `NoteError` (`ERR_CHECKPOINT_ORIGIN`). */
export function logOrigin(log: string, epoch: number): string {
  if (!isKeyName(log) || !Number.isSafeInteger(epoch) || epoch < 0) refuse('ERR_CHECKPOINT_ORIGIN', 'not the name of a log, or no epoch number');
  return `${log}/${epoch}`;
}

/** The log and epoch of such an origin; null of any other. */
export function parseLogOrigin(origin: string): { readonly log: string; readonly epoch: number } | null {
  const slash = origin.lastIndexOf('/');
  const log = origin.slice(0, Math.max(0, slash));
  const epoch = fromDecimal(origin.slice(slash + 1));
  return slash === -1 || epoch === null || !isKeyName(log) ? null : { log, epoch };
}

/** Accepts the origins of all epochs of one log: for `openCheckpoint`. */
export function isEpochOf(log: string): (origin: string) => boolean {
  return (origin) => parseLogOrigin(origin)?.log === log;
}
