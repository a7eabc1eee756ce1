import { Agent, get } from 'node:http';
import { HashSource, leafHash, parseCheckpoint, parseNote, proveInclusion, verifyInclusion } from '@sallyport/engine-evidence';
import { evidenceEvents, evidenceReplay, evidenceSessions, logCheckpoint, logTile, type Caller, type Reply } from '@sallyport/platform-bus';
import { numbers } from '../../../apps/evidence/src/testing/bulk/story.ts';
import type { House } from './house.ts';
import { timesOf, type Times } from './times.ts';

export const auditor: Caller = { person: 'bench', roles: ['auditor'], groups: [], source: '127.0.0.1' };
const day = 86_400_000;

export interface ReadPlan {
  readonly leaves: number;
  readonly from: number;
  readonly to: number;
  /** Of each kind of read. */
  readonly calls: number;
}

export function valueOf<T>(reply: Reply<T>): T {
  if (!reply.ok) throw new Error(`${reply.error.code}: ${reply.error.say}`);
  return reply.value;
}

/** Lists of sessions, each page with its exact total: as the service answers on the bus, and the first page over HTTP. */
export async function listTimes(house: House, { from, to, calls }: ReadPlan): Promise<Times[]> {
  const random = numbers(7);
  const machine = () => `m-${String(Math.floor(200 * random() ** 2)).padStart(3, '0')}`;
  const target = () => `db-${String(Math.floor(40 * random())).padStart(2, '0')}`;
  const moment = () => new Date(from + (to - from) * random());
  const open = { by: auditor, machine: null, target: null, open: null, before: null, limit: 50 };
  const list = async (asked: object) => valueOf(await house.bus.call(evidenceSessions, { ...open, ...asked }, 60_000));
  const stretch = () => {
    const begin = moment().getTime();
    return { from: new Date(begin).toISOString(), to: new Date(begin + 30 * day * random()).toISOString() };
  };
  const deep = async () => {
    const { sessions } = await list({ to: moment().toISOString(), limit: 1 });
    return sessions[0]?.id ?? null;
  };
  const cursors: (string | null)[] = [];
  // Which also has everything compiled, on both sides, before the first one is measured.
  for (let i = 0; i < calls + 20; i++) cursors.push(await deep());
  return [
    await timesOf('sessions: first page', calls, () => list({})),
    await timesOf('sessions: of a machine', calls, () => list({ machine: machine() })),
    await timesOf('sessions: to a target', calls, () => list({ target: target() })),
    await timesOf('sessions: machine and target', calls, () => list({ machine: machine(), target: target() })),
    await timesOf('sessions: open', calls, () => list({ open: true })),
    await timesOf('sessions: refused', calls, () => list({ state: 'refused' })),
    await timesOf('sessions: refused of a machine', calls, () => list({ state: 'refused', machine: machine() })),
    await timesOf('sessions: up to a month, any moments', calls, () => list(stretch())),
    await timesOf('sessions: machine, closed, up to a month', calls, () => list({ ...stretch(), machine: machine(), state: 'closed' })),
    await timesOf('sessions: page deep inside', calls, (i) => list({ before: cursors[i] ?? null })),
    await timesOf('sessions: page deep inside, of a target', calls, (i) => list({ before: cursors[i] ?? null, target: target() })),
    await timesOf('sessions: first page, HTTP', calls, () => http(house, '/v1/sessions?limit=50')),
    await timesOf('sessions: page deep inside of a machine, HTTP', calls, (i) => http(house, `/v1/sessions?limit=50&machine=${machine()}&before=${cursors[i]}`)),
  ];
}

/** Totals against a count of every row, in the same moment as far as nothing else goes on. @returns filters that were compared */
export async function compareTotals(house: House, { from, to }: ReadPlan, count: number): Promise<number> {
  const random = numbers(11);
  for (let i = 0; i < count; i++) {
    const machine = random() < 0.5 ? null : `m-${String(Math.floor(200 * random() ** 2)).padStart(3, '0')}`;
    const target = random() < 0.5 ? null : `db-${String(Math.floor(40 * random())).padStart(2, '0')}`;
    const state = ([null, 'open', 'closed', 'refused', 'abandoned'] as const)[Math.floor(random() * 5)] ?? null;
    const [begin, end] = [from + (to - from) * random(), from + (to - from) * random()].sort((a, b) => a - b).map((ms) => new Date(ms).toISOString());
    const bounds = random() < 0.5 ? { from: null, to: null } : { from: begin ?? null, to: end ?? null };
    const { total } = valueOf(await house.bus.call(evidenceSessions, { by: auditor, machine, target, open: null, before: null, limit: 1, state, ...bounds }, 60_000));
    const equal = (column: string, value: string | null) => (value === null ? '' : ` and ${column} = '${value}'`);
    const where = `${equal('machine', machine)}${equal('target', target)}${equal('state', state)}${bounds.from === null ? '' : ` and opened >= '${bounds.from}' and opened < '${bounds.to}'`}`;
    const [row] = await house.sql(`select count(*)::int as n from evidence.sessions where true${where}`);
    if (Number(row?.['n']) !== total) throw new Error(`the list says ${total} sessions${where}, counted are ${String(row?.['n'])}`);
  }
  return count;
}

/** Proofs of single events, and reads of the ledger. */
export async function logTimes(house: House, { leaves, calls }: ReadPlan): Promise<Times[]> {
  const random = numbers(5);
  const leaf = () => Math.floor(random() * leaves);
  const bus = <T>(reply: Promise<Reply<T>>) => reply.then(valueOf);
  const overBus = async () => prove(leaf(), {
    checkpoint: () => bus(house.bus.call(logCheckpoint, { size: null })),
    tile: (level, index, width) => bus(house.bus.call(logTile, { level, index, width })),
    leaf: async (at) => valueOf(await house.bus.call(evidenceEvents, { by: auditor, session: null, after: at, limit: 1 })),
  });
  const overHttp = async () => prove(leaf(), {
    checkpoint: () => http(house, '/v1/log/checkpoint'),
    tile: (level, index, width) => http(house, `/v1/log/tile?level=${level}&index=${index}&width=${width}`),
    leaf: (at) => http(house, `/v1/evidence/events?after=${at}&limit=1`),
  });
  const sids = (await house.sql(`select sid from evidence.event_idx where at in (select 1 + floor(random() * ${leaves})::bigint from generate_series(1, ${calls + 5})) and type like 'command.%'`)).map(({ sid }) => String(sid));
  return [
    await timesOf('proof of one event: read, proved, verified', calls, overBus),
    await timesOf('proof of one event, HTTP', calls, overHttp),
    await timesOf('500 leaves from any place', calls, async () => valueOf(await house.bus.call(evidenceEvents, { by: auditor, session: null, after: leaf(), limit: 500 }))),
    await timesOf('500 leaves from any place, HTTP', calls, () => http(house, `/v1/evidence?after=${leaf()}&limit=500`)),
    await timesOf('replay of a session', calls, async (i) => valueOf(await house.bus.call(evidenceReplay, { by: auditor, session: sids[i % sids.length] ?? '' }))),
    await timesOf('replay of a session, HTTP', calls, (i) => http(house, `/v1/sessions/${sids[i % sids.length]}/replay`)),
  ];
}

interface Source {
  checkpoint(): Promise<{ readonly note: string }>;
  tile(level: number, index: number, width: number): Promise<{ readonly hashes: string }>;
  leaf(at: number): Promise<{ readonly events: readonly { readonly bytes: string }[] }>;
}

/** What anybody does who wants one event proved: its bytes, the newest checkpoint, and the tiles between them. Throws when the proof does not hold. */
async function prove(index: number, source: Source): Promise<void> {
  const [{ note }, { events }] = await Promise.all([source.checkpoint(), source.leaf(index)]);
  const { size, root } = parseCheckpoint(parseNote(note).text);
  const tree = new HashSource(size, async (level, at, width) => Buffer.from((await source.tile(level, at, width)).hashes, 'base64'));
  const proof = await proveInclusion(tree, index, size);
  verifyInclusion({ index, size, root, leaf: leafHash(Buffer.from(events[0]?.bytes ?? '', 'base64')), proof });
}

const agent = new Agent({ keepAlive: true });

/** On one connection. */
function http<T>(house: House, path: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = get(`http://${house.console.http}${path}`, { agent, headers: { authorization: 'Bearer bench' } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part)).once('end', () => {
        if (answer.statusCode === 200) resolve(JSON.parse(text) as T);
        else reject(new Error(`${path.split('?')[0]}: ${answer.statusCode} ${text.slice(0, 200)}`));
      });
    });
    request.once('error', reject);
  });
}
