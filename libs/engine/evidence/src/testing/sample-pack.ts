import { leafHash } from '../merkle/hash.ts';
import { signNote, type NoteSigner } from '../note/signed-note.ts';
import { utf8 } from '../note/text.ts';
import type { PackLeaf } from '../pack/leaves.ts';
import { proveRange } from '../pack/range-proof.ts';
import { writePack, type PackContents } from '../pack/write-pack.ts';
import { parseEnvelope } from '../parse-envelope.ts';
import { logKey, logSigner, sampleEvents, SampleLog, witnessKey, type SampleSession } from './sample-log.ts';

export interface Sample {
  readonly log: SampleLog;
  readonly sid: Readonly<Record<SampleSession, string>>;
  /** Everything there is, disclosed. */
  readonly whole: PackContents;
  /** A range within the log, older checkpoint before it, some sessions withheld. */
  readonly part: PackContents;
}

export async function samplePacks(): Promise<Sample> {
  const { events, sid } = sampleEvents();
  const log = new SampleLog(events);
  const whole = await contents(log, { from: 0, to: log.size, size: log.size, older: null }, null, { chains: 'all', sessions: { begunBefore: [], openAfter: [sid.running] } });
  const shown = new Set([sid.long, sid.running, sid.turned]);
  const part = await contents(log, { from: 4, to: log.size - 3, size: log.size, older: 4 }, (sid) => shown.has(sid), { chains: 'sessions', sessions: { begunBefore: [sid.long], openAfter: [sid.running, sid.long] } });
  return { log, sid, whole, part };
}

export interface PackRange {
  readonly from: number;
  readonly to: number;
  readonly size: number;
  readonly older: number | null;
}

export async function contents(log: SampleLog, { from, to, size, older }: PackRange, shows: ((sid: string) => boolean) | null, rest: Pick<PackContents, 'chains' | 'sessions'>): Promise<PackContents> {
  const leaves = log.events.slice(from, to).map((event, i): PackLeaf => (shows === null || shows(parseEnvelope(event).sid) ? { index: from + i, event } : { index: from + i, hash: leafHash(event) }));
  return {
    tenant: 'default',
    scope: 'everything of the sample',
    period: { from: '2026-11-22T00:00:00Z', to: '2026-11-23T00:00:00Z' },
    filters: { target: 'ledger-db' },
    checkpointFrom: older === null ? null : log.checkpoint(older),
    checkpointTo: log.witnessed(size),
    consistency: older === null ? [] : await log.growth(older, size),
    range: await proveRange(log.source(), from, to, size),
    leaves,
    ...rest,
    controls: [{ id: 'EP-09', result: 'who,times\r\nmachine:a,3\r\n', exceptions: 'who\r\n', rows: { results: 1, exceptions: 0 }, query: 'select 1\n', narrative: 'Refused attempts.\n' }],
    policies: [{ version: 1, digest: 'd1', file: 'policy/1.cedar' }],
    mappings: '{}\n',
    redactions: from === 0 ? [] : [{ from, to, what: 'other sessions', reason: 'out of scope' }],
    keys: [
      { name: 'log', vkey: logKey },
      { name: 'witness', vkey: witnessKey },
    ],
    seed: '42',
    generator: { name: 'sample', version: '1' },
    madeAt: '2026-11-23T00:00:01Z',
    files: [{ path: 'policy/1.cedar', bytes: utf8('permit(principal, action, resource);\n') }],
  };
}

export function pack(of: PackContents, signer: NoteSigner = logSigner): Promise<Uint8Array> {
  return writePack(of, (text) => signNote(text, signer));
}
