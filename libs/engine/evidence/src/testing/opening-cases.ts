import { conceal, EventChain, parseDisclosure, type EventData, type EventType } from '@sallyport/domain-events';
import { uuidv7 } from '@sallyport/domain-model';
import { leafHash } from '../merkle/hash.ts';
import { toBase64 } from '../note/text.ts';
import type { PackOpening } from '../pack/openings.ts';
import { logKey, SampleLog, type SampleSession } from './sample-log.ts';
import { contents, pack } from './sample-pack.ts';
import { OpenPack, type Tampering } from './tampering.ts';

const alice = { id: 'person:alice', npid: null, iss: null, tok: null, jti: null, owner: null };

interface Concealing {
  readonly log: SampleLog;
  /** All there are, in the order of their leaves. */
  readonly openings: readonly PackOpening[];
}

/** The sample's log, and two events of a service behind it that conceal who somebody is and why. */
export function concealingLog(events: readonly Uint8Array[]): Concealing {
  const producer = { id: 'approvals', epoch: uuidv7() };
  const openings: PackOpening[] = [];
  const own = { seq: 0, prev: '0'.repeat(64) };
  const written = [...events];
  const write = <T extends EventType>(type: T, data: EventData[T]) => {
    const { data: shown, who, disclosures } = conceal(type, data, alice);
    const chain = new EventChain({ tenant: 'default', sid: producer.epoch, producer }, { who, on: null }, own);
    openings.push(...disclosures.map((disclosure) => ({ index: written.length, disclosure })));
    written.push(chain.write(type, shown, { id: uuidv7(), pseq: own.seq + 1, wall: '2026-11-22T10:00:00.000001Z', monoUs: 1 }));
    Object.assign(own, chain.head);
  };
  write('approval.voted', { approval: 'a1', by: 'alice', vote: 'approve', groups: ['dba'] });
  write('approval.refused', { approval: 'a1', by: 'Ωlga 李', code: 'already-voted', say: 'she has voted' });
  return { log: new SampleLog(written), openings };
}

/** What can be done to the openings of a pack, and what a verifier must call it. */
export async function openingCases(events: readonly Uint8Array[], sid: Readonly<Record<SampleSession, string>>): Promise<Tampering[]> {
  const { log, openings } = concealingLog(events);
  const of = await contents(log, { from: 0, to: log.size, size: log.size, older: null }, null, { chains: 'all', sessions: { begunBefore: [], openAfter: [sid.running] } });
  const whole = await pack({ ...of, openings });
  const all: Tampering[] = [];
  const add = (name: string, verdict: Tampering['verdict'], bytes: Uint8Array) => void all.push({ name: `openings: ${name}`, verdict, pack: bytes, keys: [logKey], kept: [], witnesses: 0 });
  const open = () => OpenPack.of(whole);
  const file = 'openings.jsonl';
  const [first] = openings;
  const last = openings.at(-1);
  if (first === undefined || last === undefined) throw new Error('nothing is concealed');
  const remade = (change: (parts: readonly unknown[]) => readonly unknown[]) => encoded(change(decoded(first.disclosure)));
  const line = ({ index, disclosure }: PackOpening) => `{"i":${index},"open":"${disclosure}"}\n`;

  add('every field is opened', 'ok', whole);
  add('one field is withheld', 'ok', await pack({ ...of, openings: openings.slice(1) }));
  add('all fields are withheld', 'ok', await pack({ ...of, openings: [] }));
  add('another value', 'tampered', (await open()).edit(file, first.disclosure, remade(([salt, path]) => [salt, path, 'mallory'])).resign().bytes());
  add('another salt', 'tampered', (await open()).edit(file, first.disclosure, remade(([, path, value]) => ['A'.repeat(22), path, value])).resign().bytes());
  add('another field of the event', 'tampered', (await open()).edit(file, first.disclosure, remade(([salt, , value]) => [salt, 'd.approval', value])).resign().bytes());
  add('the same value, written otherwise', 'tampered', (await open()).edit(file, first.disclosure, Buffer.from(JSON.stringify(decoded(first.disclosure), null, 1)).toString('base64url')).resign().bytes());
  add('no disclosure', 'tampered', (await open()).edit(file, first.disclosure, 'AAAA').resign().bytes());
  add('padding', 'tampered', (await open()).edit(file, first.disclosure, `${first.disclosure}=`).resign().bytes());
  add('an opening of one event is put to another', 'tampered', (await open()).put(file, openings.map((one) => line(one === first ? { ...one, index: last.index } : one)).sort().join('')).manifest((m) => m).resign().bytes());
  add('an opening of a leaf before the pack', 'tampered', (await open()).put(file, [line({ ...first, index: 0 }), ...sorted(openings).slice(1).map(line)].join('')).resign().bytes());
  add('an opening of a leaf behind the pack', 'tampered', (await open()).put(file, [...sorted(openings).slice(0, -1).map(line), line({ ...last, index: log.size })].join('')).resign().bytes());
  add('an opening is there twice', 'tampered', (await open()).edit(file, /^.*\n/, (text) => text + text).resign().bytes());
  add('openings are out of order', 'tampered', (await open()).put(file, sorted(openings).reverse().map(line).join('')).resign().bytes());
  add('white space', 'tampered', (await open()).edit(file, '"open":', '"open": ').resign().bytes());
  add('the last line does not end', 'tampered', (await open()).edit(file, /\n$/, '').resign().bytes());
  add('the file is altered and not signed for', 'tampered', (await open()).edit(file, first.disclosure, remade(([salt, path]) => [salt, path, 'mallory'])).bytes());
  add('an opening is removed by somebody without the key', 'tampered', (await open()).edit(file, /^.*\n/, '').bytes());
  add('an opening is removed and still counted', 'tampered', (await open()).edit(file, /^.*\n/, '').resign().bytes());
  add('the file is removed', 'incomplete', (await open()).drop(file).resign().manifest((m) => ({ ...m, fields: { opened: 0, withheld: openings.length } })).sign().bytes());
  add('openings that the manifest does not count', 'tampered', (await open()).manifest(({ fields: _, ...m }) => m).resign().bytes());
  add('more withheld than there are', 'tampered', (await open()).manifest((m) => ({ ...m, fields: { opened: openings.length, withheld: 1 } })).resign().bytes());
  add('openings of the first edition: none', 'ok', (await OpenPack.of(await pack({ ...of, openings: [] }))).drop(file).manifest(({ fields: _, ...m }) => m).resign().bytes());
  add('the opened event is withheld, its openings are not', 'tampered', await withoutEvent(log, openings, first.index, of));
  return all;
}

/** The leaf goes down to its hash, its openings stay. */
async function withoutEvent(log: SampleLog, openings: readonly PackOpening[], index: number, of: Parameters<typeof pack>[0]): Promise<Uint8Array> {
  const open = await OpenPack.of(await pack({ ...of, openings, chains: 'parts' }));
  const event = log.events[index] ?? new Uint8Array();
  open.edit('leaves.jsonl', `"event":"${toBase64(event)}"`, `"hash":"${toBase64(leafHash(event))}"`);
  return open.manifest((m) => ({ ...m, counts: { leaves: m.counts.leaves, events: m.counts.events - 1, withheld: 1 } })).resign().bytes();
}

const sorted = (openings: readonly PackOpening[]) => openings.toSorted((a, b) => a.index - b.index || (a.disclosure < b.disclosure ? -1 : 1));

function decoded(disclosure: string): readonly unknown[] {
  const { salt, path, value } = parseDisclosure(disclosure) ?? { salt: '', path: '', value: null };
  return [salt, path, value];
}

const encoded = (parts: readonly unknown[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url');
