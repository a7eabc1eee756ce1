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
 * What earlier starts have left. Messages count up to the first record that is none: in the last file of an epoch that is where a crash tore
 * it, and nothing after it was ever reported durable. A file that ends too early for the one after it is damaged: that is said loudly, and a copy
 * is kept aside as `*.damaged`; so is a file whose header cannot be read.
 */
export async function readLeftovers(directory: string, log: Log): Promise<Leftover[]> {
  const names = (await readdir(directory)).sort();
  const found: Leftover[] = [];
  for (const name of names) {
    if (name.endsWith('.tmp')) await unlink(join(directory, name));
    else if (isSegmentName(name)) await addSegment(found, directory, name, names, log);
  }
  return found;
}

async function addSegment(found: Leftover[], directory: string, name: string, names: readonly string[], log: Log): Promise<void> {
  const path = join(directory, name);
  const { header, messages, fresh } = await scanSegment(path);
  if (fresh) return unlink(path);
  if (header === null) return setAside(path, log);
  const segment: Segment = { path, first: header.first, last: header.first + messages - 1, bytes: (await stat(path)).size };
  await judgeEnd(segment, names, name, log);
  if (messages === 0) return unlink(path);
  const before = found.at(-1);
  if (before?.epoch === header.epoch && before.last + 1 === segment.first) found[found.length - 1] = { ...before, last: segment.last, segments: [...before.segments, segment] };
  else {
    const missing = before?.epoch === header.epoch ? before.last + 1 : 1;
    if (before?.epoch === header.epoch) log.error('the journal has a hole: events are lost unless the bus has them', { epoch: header.epoch, from: missing, to: segment.first - 1 });
    found.push({ epoch: header.epoch, first: segment.first, last: segment.last, segments: [segment] });
  }
}

/** Where another file of the epoch follows, it must go on with the next number. */
async function judgeEnd(segment: Segment, names: readonly string[], name: string, log: Log): Promise<void> {
  const next = names.slice(names.indexOf(name) + 1).find((other) => isSegmentName(other) && other.startsWith(name.slice(0, 36)));
  if (next === undefined || Number(next.slice(37, 53)) === segment.last + 1) return;
  log.error('a journal file is damaged in the middle; a copy is kept aside', { file: name, last: segment.last });
  await copyFile(segment.path, `${segment.path}.damaged`);
}

async function setAside(path: string, log: Log): Promise<void> {
  log.error('the header of a journal file cannot be read; the file is kept aside', { file: path });
  await rename(path, `${path}.damaged`);
}
