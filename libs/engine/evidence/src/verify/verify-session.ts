import { MalformedEventError, parseEnvelope } from '../parse-envelope.ts';
import { sha256 } from '../merkle/sha256.ts';
import { bytesOfLines, leafOf } from '../pack/leaves.ts';
import { Ends } from '../producers/ends.ts';
import { Chains } from './chains.ts';
import { collector, reportOf, type Report } from './faults.ts';
import { endFault, placeOf, whereOf } from './where-of.ts';

/**
 * Verifies a file with the events of one session or more, one stored event a line, or lines of a pack: SPEC.md 4.1. It proves that they hang together and are
 * whole, not that they are what was recorded: that takes a proof.
 */
export function verifySession(file: Uint8Array, name = 'session', producers: readonly string[] = []): Report {
  const { faults, say } = collector();
  const chains = new Chains(name, say);
  const ends = new Ends((kind, where, what) => say(endFault[kind], what, placeOf(where, name)), producers);
  const ids = new Set<string>();
  let line = 0;
  for (const bytes of bytesOfLines(file)) {
    const at = line++;
    if (bytes === null) {
      say('leaf', 'the last line does not end', { file: name, leaf: at });
      continue;
    }
    const stored = storedBytes(bytes);
    try {
      const event = parseEnvelope(stored);
      if (ids.has(event.id)) say('duplicate', 'a second event has this id', { file: name, leaf: at, id: event.id, sid: event.sid, seq: event.seq });
      ids.add(event.id);
      chains.add(event, at, sha256(stored));
      ends.add(event, whereOf(event, at));
    } catch (error) {
      if (!(error instanceof MalformedEventError)) throw error;
      say('malformed', `not an event: ${error.message}`, { file: name, leaf: at });
    }
  }
  if (line === 0) say('missing', 'there is no event', { file: name });
  chains.finish({ whole: 'all', fromStart: true, nothingWithheld: false, begunBefore: new Set(), openAfter: new Set(), inOrder: true });
  return reportOf(faults, [`${line} events, ${chains.sessions} sessions: form, chains, order, ends`, ...ends.finish(), 'the log was not looked at: this does not prove that it is what was recorded']);
}

/** A line of a pack holds base64 of the event; else the line is the event. */
function storedBytes(line: Uint8Array): Uint8Array {
  const leaf = leafOf(line);
  return leaf !== null && 'event' in leaf ? leaf.event : line;
}
