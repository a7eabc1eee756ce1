import { mkdir } from 'node:fs/promises';
import { uuidv7 } from '@sallyport/domain-model';
import type { Log } from '@sallyport/platform-telemetry';
import { lockDirectory } from './directory-lock.ts';
import { JournalError } from './errors.ts';
import type { JournalBus } from './journal-bus.ts';
import { Journal } from './journal.ts';
import { readLeftovers } from './leftovers.ts';
import { defaultLimits, type JournalLimits } from './limits.ts';

export interface JournalOptions {
  /** A directory of this producer's own, on a local disk. Made when it is not there. */
  readonly directory: string;
  /** Producer id: stands in every event and in the bus subject. */
  readonly producer: string;
  readonly bus: JournalBus;
  readonly log: Log;
  readonly limits?: Partial<JournalLimits>;
}

/**
 * Opens the journal with a new epoch, and begins to send what earlier epochs have left, under their own epochs and counters.
 * Throws JournalError when the directory cannot be used or is in use.
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(options.producer)) throw new JournalError('ERR_JOURNAL_DIRECTORY', 'a producer id is 1 to 64 letters, digits, dashes and underscores');
  const { directory, producer, bus, log } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw new JournalError('ERR_JOURNAL_DIRECTORY', `the journal's directory ${directory} cannot be made`, { cause });
  });
  const unlock = lockDirectory(directory);
  try {
    const leftovers = await readLeftovers(directory, log);
    const journal = new Journal({ directory, producer: { id: producer, epoch: uuidv7() }, bus, limits: bounded(options.limits), log, leftovers, unlock });
    await journal.ready();
    return journal;
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Trimming removes whole segments, so that a small journal needs small ones. */
function bounded(asked: Partial<JournalLimits> = {}): JournalLimits {
  const limits = { ...defaultLimits, ...asked };
  return { ...limits, segmentBytes: Math.max(64 * 1024, Math.min(limits.segmentBytes, Math.floor(limits.maxBytes / 8))) };
}
