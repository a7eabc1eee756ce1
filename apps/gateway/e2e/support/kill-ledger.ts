import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { CommandDecided, CommandResult, Envelope, WrappedKey } from '@sallyport/domain-events';
import { decryptBlob, openSessionKey, parseEnvelope } from '@sallyport/engine-evidence';
import type { World } from './world.ts';

/** The ledger as its own database has it, with the texts of commands opened by the reader's key. */
export interface Ledger {
  readonly events: readonly Envelope[];
  /** What was decided on the command of each mark, in the order of the ledger. */
  readonly decided: ReadonlyMap<string, readonly Decided[]>;
  /** How each command ended, as far as its session told. */
  readonly settled: ReadonlyMap<string, CommandResult>;
  readonly closed: ReadonlySet<string>;
  readonly abandoned: ReadonlySet<string>;
}

export interface Decided {
  readonly command: string;
  readonly decision: string;
  readonly session: string;
  readonly epoch: string;
}

const markIn = /mark-\w+-\d{7}-/g;
export const marksOf = (text: string): string[] => text.match(markIn) ?? [];

export async function readLedger(world: World): Promise<Ledger> {
  const { postgres } = world.stack;
  const [bodies, blobs] = [
    await postgres.sql('select body from evidence.ledger_events order by at', 'sallyport'),
    await postgres.sql(`select encode(ct_sha256, 'hex') as hash, bytes from evidence.blobs`, 'sallyport'),
  ];
  const ciphertexts = new Map(blobs.map(({ hash, bytes }) => [String(hash), bytesOf(bytes)]));
  const events = bodies.map(({ body }) => parseEnvelope(bytesOf(body)));
  const reader = createPrivateKey(readFileSync(world.stack.home.keys.reader));
  const ofDay = (id: string) => createPrivateKey({ key: readFileSync(world.stack.home.at('state', 'evidence', 'sealing-keys', `${id.replaceAll('/', '_')}.x25519`)), format: 'der', type: 'pkcs8' });
  const openKey = (wrapped: WrappedKey) => openSessionKey(wrapped, reader, wrapped.day === undefined ? null : ofDay(wrapped.day));
  const keys = new Map<string, Uint8Array>();
  const decided = new Map<string, Decided[]>();
  const settled = new Map<string, CommandResult>();
  for (const event of events) if (event.type === 'session.opened') keys.set(event.sid, openKey(data<{ key: WrappedKey }>(event).key));
  for (const event of events) {
    if (event.type === 'command.settled') for (const result of data<{ results: CommandResult[] }>(event).results) settled.set(result.command, result);
    if (event.type !== 'command.decided') continue;
    const { command, decision } = data<CommandDecided>(event);
    for (const mark of marksOf(textOf(event, keys.get(event.sid), ciphertexts))) {
      const others = decided.get(mark) ?? [];
      decided.set(mark, [...others, { command, decision, session: event.sid, epoch: event.prod.epoch }]);
    }
  }
  const closed = new Set(events.filter(({ type }) => type === 'session.closed').map(({ sid }) => sid));
  const abandoned = new Set(events.filter(({ type }) => type === 'session.abandoned').map((event) => data<{ session: string }>(event).session));
  return { events, decided, settled, closed, abandoned };
}

function textOf(event: Envelope, key: Uint8Array | undefined, ciphertexts: ReadonlyMap<string, Buffer>): string {
  if (key === undefined) return '';
  return event.blobs.map((ref) => Buffer.from(decryptBlob(key, ref, ciphertexts.get(ref.ct_sha256) ?? Buffer.alloc(0))).toString('latin1')).join('\n');
}

/** Members of one event's data; the ledger has checked them. */
function data<T>(event: Envelope): T {
  return event.d as unknown as T;
}

function bytesOf(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value;
  throw new Error('expected bytes from the ledger');
}

/** Whether the ledger has everything that it has heard of: no producer has a number before its newest that is missing. */
export async function isDense(world: World): Promise<boolean> {
  const behind = await world.stack.postgres.sql('select from evidence.watermarks where contiguous < max_seen', 'sallyport');
  return behind.length === 0;
}

/** Counters that more than one event claims, and counters that none has. */
export function counterFaults({ events }: Ledger): string[] {
  const counters = new Map<string, number[]>();
  for (const { prod } of events) {
    const producer = `${prod.id} ${prod.epoch}`;
    const seen = counters.get(producer);
    if (seen === undefined) counters.set(producer, [prod.pseq]);
    else seen.push(prod.pseq);
  }
  return [...counters].flatMap(([producer, seen]) => {
    const sorted = seen.toSorted((a, b) => a - b);
    const wrong = sorted.findIndex((pseq, i) => pseq !== i + 1);
    return wrong === -1 ? [] : [`${producer}: ${sorted[wrong]} stands at ${wrong + 1}`];
  });
}
