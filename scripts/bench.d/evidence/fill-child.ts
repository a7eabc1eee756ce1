import { createPublicKey } from 'node:crypto';
import { fillLedger, fillSessions, makeMonths, settleLedger } from '../../../apps/evidence/src/testing/bulk/fill.ts';
import { Story } from '../../../apps/evidence/src/testing/bulk/story.ts';

// A process of its own: ids are made of the time, which does not go back within one.
const { dsn, reader, leaves, sessions, from, to }: { dsn: string; reader: string; leaves: number; sessions: number; from: number; to: number } = JSON.parse(process.argv[2] ?? '{}');
const began = performance.now();
await makeMonths(dsn, 14);
const story = new Story({ leaves, from, to, reader: createPublicKey(reader), open: 200 });
const step = Math.max(100_000, Math.ceil(leaves / 20));
let next = step;
const count = await fillLedger(dsn, story, (done) => {
  if (done < next) return;
  next += step;
  process.stderr.write(`  ${done} leaves after ${((performance.now() - began) / 1000).toFixed(0)} s …\n`);
});
await fillSessions(dsn, Math.max(0, sessions - story.sessions), { from, to });
await settleLedger(dsn);
process.stdout.write(JSON.stringify({ leaves: count, sessions: story.sessions }));
