import { copyFile, readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '@sallyport/platform-telemetry';
import { isSegmentName, scanSegment, type Segment } from './segment.ts';

/** Messages of an earlier start of this producer that may not be in the ledger yet: a run of segments without a gap. */
export interface Leftover {
  readonly epoch: string;
  readonly first: number;
  readonly last: number;
  readonly segments: readonly Segment[];
}

/**
 * What earlier starts have left. A torn end is what a crash leaves: those records were never reported durable, and the messages before it
 * stand. Everything else that is wrong is said loudly and its file is kept aside as `*.damaged`, after its good messages were read.
 */
export async function readLeftovers(directory: string, log: Log): Promise<Leftover[]> {
  const names = (await readdir(directory)).sort();
  const found: Leftover[] = [];
  for (const name of names) {
    if (name === 'next.tmp') await unlink(join(directory, name));
    else if (isSegmentName(name)) await addSegment(found, directory, name, names, log);
  }
  return found;
}

async function addSegment(found: Leftover[], directory: string, name: string, names: readonly string[], log: Log): Promise<void> {
  const path = join(directory, name);
  const { header, messages, torn, blank } = await scanSegment(path);
  if (blank) return unlink(path);
  if (header === null) return setAside(path, log);
  const segment: Segment = { path, first: header.first, last: header.first + messages - 1, bytes: (await stat(path)).size };
  if (torn) await judgeEnd(segment, names, name, log);
  if (messages === 0) return unlink(path);
  const before = found.at(-1);
  if (before?.epoch === header.epoch && before.last + 1 === segment.first) found[found.length - 1] = { ...before, last: segment.last, segments: [...before.segments, segment] };
  else {
    const missing = before?.epoch === header.epoch ? before.last + 1 : 1;
    if (before?.epoch === header.epoch) log.error('the journal has a hole: events are lost unless the bus has them', { epoch: header.epoch, from: missing, to: segment.first - 1 });
    found.push({ epoch: header.epoch, first: segment.first, last: segment.last, segments: [segment] });
  }
}

/** A torn end is as it should be where the epoch ended, or where the next file goes on with the next number after a failed write. */
async function judgeEnd(segment: Segment, names: readonly string[], name: string, log: Log): Promise<void> {
  const epoch = name.slice(0, 36);
  const next = names[names.indexOf(name) + 1];
  const follows = next !== undefined && isSegmentName(next) && next.startsWith(epoch);
  if (!follows || Number(next.slice(37, 53)) === segment.last + 1) log.info('the end of a journal file was torn by a crash; nothing of it had been reported durable', { file: name, last: segment.last });
  else {
    log.error('a journal file is damaged in the middle; a copy is kept aside', { file: name, last: segment.last });
    await copyFile(segment.path, `${segment.path}.damaged`);
  }
}

async function setAside(path: string, log: Log): Promise<void> {
  log.error('the header of a journal file cannot be read; the file is kept aside', { file: path });
  await rename(path, `${path}.damaged`);
}
