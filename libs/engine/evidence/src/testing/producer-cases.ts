import { uuidv7 } from '@sallyport/domain-model';
import { EventChain } from '@sallyport/domain-events';
import { sha256 } from '../merkle/sha256.ts';
import { toBase64 } from '../note/text.ts';
import { hex } from '../pack/pack-note.ts';
import { parseEnvelope } from '../parse-envelope.ts';
import { signEnd, type InstanceKey } from '../producers/signed-end.ts';
import type { Verdict } from '../verify/faults.ts';
import { command, end, keyOf, Story, type Teller } from './producers-story.ts';
import { logKey, SampleLog } from './sample-log.ts';
import { contents, pack } from './sample-pack.ts';

/** What was done to keys, ends of sessions or the life of producers before it was logged, and what a verifier must call it. */
export interface ProducerCase {
  readonly name: string;
  readonly verdict: Verdict;
  readonly events: readonly Uint8Array[];
  /** A pack of the events from this leaf on. */
  readonly from: number;
  readonly producers: readonly string[];
  /** A word that one of the findings, or of the notes where there is none, must have. */
  readonly says: string;
  /** For the verifier of sessions: the file has the events of this session only. */
  readonly sid?: string;
}

interface Told {
  readonly story: Story;
  readonly gateway: Teller;
  readonly other: Teller;
  readonly evidence: Teller;
  /** A session of the gateway, closed. */
  readonly sid: string;
}

/** Two gateways and the ledger's service for half a minute, and a session of the first one. */
function told(keys: { readonly gateway?: InstanceKey | null; readonly other?: InstanceKey | null; readonly session?: InstanceKey | null } = {}): Told {
  const story = new Story();
  const { gateway: own = keyOf('gw-1'), other: others = keyOf('gw-2') } = keys;
  const [evidence, gateway, other] = [story.begin('evidence', null), story.begin('gw-1', own), story.begin('gw-2', others)];
  const { recorder, sid } = gateway.open(keys.session === undefined ? own : keys.session);
  for (let i = 0; i < 3; i++) command(recorder);
  story.collect();
  story.pass(20, evidence, gateway, other);
  recorder.close(end);
  story.collect();
  story.pass(10, evidence, gateway, other);
  return { story, gateway, other, evidence, sid };
}

export function producerCases(): ProducerCase[] {
  const all: ProducerCase[] = [];
  const add = (name: string, verdict: Verdict, says: string, events: readonly Uint8Array[], more: Partial<ProducerCase> = {}) => void all.push({ name, verdict, says, events, from: 0, producers: [], ...more });
  const { story, sid } = told();
  const { events } = story;
  const closed = events.findIndex((bytes) => parseEnvelope(bytes).type === 'session.closed');
  const last = events[closed] ?? new Uint8Array();
  const altered = (change: (d: Record<string, unknown>) => Record<string, unknown>) => events.with(closed, rewritten(last, change));
  const other = keyOf('gw-1', 'somebody');

  // --- the end of a session
  add('ends are signed', 'ok', 'signed by their gateways’ keys', events);
  add('an end without its signature', 'tampered', 'bears no signature', altered(({ key: _key, signature: _signature, ...d }) => d));
  add('an end with a key and no signature', 'tampered', 'form', altered(({ signature: _, ...d }) => d));
  add('an end whose signature is no text', 'tampered', 'form', altered((d) => ({ ...d, signature: 1 })));
  add('an end whose figures were changed', 'tampered', 'does not hold', altered((d) => ({ ...d, rows: 0 })));
  add('an end whose party was changed', 'tampered', 'does not hold', events.with(closed, Buffer.from(Buffer.from(last).toString().replace('machine:nightly', 'machine:another'))));
  add('an end with the signature of another', 'tampered', 'does not hold', altered((d) => ({ ...d, signature: toBase64(new Uint8Array(64)) })));
  add('an end signed by somebody under the producer’s name', 'tampered', 'another key than', events.with(closed, signedAnew(last, other)));
  add('an end signed by another gateway', 'tampered', 'form', events.with(closed, signedAnew(last, keyOf('gw-2'))));
  add('the tail of a session was cut, and it was ended anew', 'tampered', 'another key than', cutAndEnded(events, sid, other));
  add('the tail of a session was cut, and it was ended anew without a signature', 'tampered', 'bears no signature', cutAndEnded(events, sid, null));
  add('the end was never logged', 'incomplete', 'no end', events.toSpliced(closed, 1));
  add('the session was never logged', 'incomplete', 'written after', events.filter((bytes) => parseEnvelope(bytes).sid !== sid));
  add('nobody signs', 'ok', '', told({ gateway: null, other: null }).story.events);
  const half = told({ gateway: null, session: keyOf('gw-1') });
  const { recorder } = half.gateway.open(null);
  recorder.close(end);
  half.story.collect();
  add('a start that named no key signs one end and not another', 'tampered', 'bears no signature', half.story.events);

  // --- keys
  add('a producer with the key of another', 'tampered', 'that of producer', told({ other: keyOf('gw-2', 'gw-1') }).story.events);
  add('a key that bears another name', 'tampered', 'not its producer’s own', told({ gateway: keyOf('gw-9'), session: null }).story.events);
  const twice = told();
  twice.gateway.tell('key.created', { use: 'session.closed', key: other.vkey });
  twice.story.collect();
  add('two keys in one start', 'tampered', 'another key in the same start', twice.story.events);
  const elsewhere = told();
  elsewhere.gateway.tell('key.created', { use: 'something.else', key: other.vkey });
  elsewhere.story.collect();
  add('a key for something else', 'ok', '', elsewhere.story.events);
  add('the key that the examiner knows', 'ok', 'signed by their', events, { producers: [keyOf('gw-1').vkey] });
  add('one of two keys that the examiner knows', 'ok', 'signed by their', events, { producers: [other.vkey, keyOf('gw-1').vkey] });
  add('another key than the examiner knows', 'untrusted', 'not the one that you know', events, { producers: [other.vkey] });
  add('a producer that the examiner knows a key of signs nothing', 'tampered', 'bears no signature', told({ gateway: null }).story.events, { producers: [other.vkey] });
  const behind = events.findIndex((bytes) => parseEnvelope(bytes).sid === sid);
  add('the key was named before the pack begins', 'ok', 'no event here names the key', events, { from: behind });

  // --- silence
  const silent = (after: (told: Told) => void) => {
    const scene = told();
    after(scene);
    return scene.story.events;
  };
  add('a producer falls silent', 'incomplete', 'producer gw-2 is silent since', silent(({ story, gateway, evidence }) => story.pass(60, gateway, evidence)));
  add('the tail of a producer was cut', 'incomplete', 'producer gw-2 is silent since', cutProducer(silent(({ story, gateway, evidence, other }) => story.pass(120, gateway, evidence, other)), 'gw-2', 6));
  add('everybody falls silent: nothing shows that time has passed', 'ok', '', silent(({ story }) => story.pass(600)));
  add('it is silent for less than three heartbeats', 'ok', '', silent(({ story, gateway, evidence }) => story.pass(20, gateway, evidence)));
  add('it has said that it stops', 'ok', '', silent(({ story, gateway, evidence, other }) => {
    other.tell('service.stopped', { service: 'gateway', why: 'signal' });
    story.pass(60, gateway, evidence);
  }));
  add('the ledger has said so', 'ok', 'the ledger has said so', silent(({ story, gateway, evidence, other }) => {
    const { producer, events } = other.log;
    story.pass(30, gateway, evidence);
    evidence.tell('producer.silent', { producer: producer.id, epoch: producer.epoch, last_pseq: events.length, since: '2026-11-22T10:00:20.000000Z' });
    story.pass(60, gateway, evidence);
  }));
  add('the ledger has said so, and had more of it than there is', 'incomplete', 'the ledger had them', silent(({ story, gateway, evidence, other }) => {
    const { producer, events } = other.log;
    evidence.tell('producer.silent', { producer: producer.id, epoch: producer.epoch, last_pseq: events.length + 2, since: '2026-11-22T10:00:20.000000Z' });
    story.pass(60, gateway, evidence);
  }));
  add('the ledger speaks of a producer of which there is nothing', 'incomplete', 'the ledger had them', silent(({ story, gateway, evidence, other }) => {
    evidence.tell('producer.heard', { producer: 'gw-3', epoch: uuidv7(), last_pseq: 5, seconds: 60 });
    story.pass(20, gateway, evidence, other);
  }));
  add('it has started anew', 'ok', 'has started anew', silent(({ story, gateway, evidence }) => {
    story.pass(60, gateway, evidence);
    const again = story.begin('gw-2');
    story.pass(60, gateway, evidence, again);
  }));
  add('it paused, and went on', 'ok', 'said nothing for', silent(({ story, gateway, evidence, other }) => {
    story.pass(60, gateway, evidence);
    story.pass(60, gateway, evidence, other);
  }));
  add('wall clocks are set on by a day', 'ok', '', silent(({ story, gateway, evidence, other }) => {
    story.wallOff = 86_400;
    story.pass(20, gateway, evidence, other);
  }));
  add('wall clocks are set back, and it falls silent', 'incomplete', 'is silent', silent(({ story, gateway, evidence }) => {
    story.wallOff = -86_400;
    story.pass(60, gateway, evidence);
  }));
  return all;
}

/** The same for the verifier of sessions, which sees one session's events. */
export function endCases(): ProducerCase[] {
  const { story, sid } = told();
  const mine = story.events.filter((bytes) => parseEnvelope(bytes).sid === sid);
  const last = mine.at(-1) ?? new Uint8Array();
  const other = keyOf('gw-1', 'somebody');
  const one = (name: string, verdict: Verdict, says: string, events: readonly Uint8Array[], producers: readonly string[] = []): ProducerCase => ({ name, verdict, says, events, from: 0, producers, sid });
  return [
    one('its end is signed', 'ok', 'no event here names the key', mine),
    one('its end is signed by the key that is known', 'ok', 'signed by their', mine, [keyOf('gw-1').vkey]),
    one('its end was changed', 'tampered', 'does not hold', mine.with(-1, rewritten(last, (d) => ({ ...d, denied: 7 })))),
    one('its end is signed by another key than is known', 'untrusted', 'not the one that you know', mine.with(-1, signedAnew(last, other)), [keyOf('gw-1').vkey]),
    one('its end bears no signature, and a key is known', 'tampered', 'bears no signature', mine.with(-1, rewritten(last, ({ key: _key, signature: _signature, ...d }) => d)), [keyOf('gw-1').vkey]),
    one('its tail was cut, and it was ended anew', 'untrusted', 'not the one that you know', cutAndEnded(mine, sid, other), [keyOf('gw-1').vkey]),
  ];
}

/** A pack of a case's events, by whoever has the log's key. */
export async function packOfCase({ events, from }: ProducerCase): Promise<{ readonly bytes: Uint8Array; readonly key: string }> {
  const log = new SampleLog(events);
  const begun = new Set(events.slice(0, from).map((bytes) => parseEnvelope(bytes).sid));
  const bytes = await pack(await contents(log, { from, to: log.size, size: log.size, older: null }, null, { chains: 'all', sessions: { begunBefore: [...begun], openAfter: [] } }));
  return { bytes, key: logKey };
}

/** The end with other data, and nothing else changed. */
function rewritten(bytes: Uint8Array, change: (d: Record<string, unknown>) => Record<string, unknown>): Uint8Array {
  const event = parseEnvelope(bytes);
  return Buffer.from(JSON.stringify({ ...event, d: change({ ...event.d }) }));
}

function signedAnew(bytes: Uint8Array, key: InstanceKey): Uint8Array {
  const draft = rewritten(bytes, (d) => ({ ...d, key: key.vkey, signature: '' }));
  return rewritten(bytes, (d) => ({ ...d, ...signEnd(draft, key) }));
}

/** The last command of the session was taken out, and somebody wrote an end that fits; the counter's numbers were given to heartbeats, so that none is missing. */
function cutAndEnded(events: readonly Uint8Array[], sid: string, key: InstanceKey | null): Uint8Array[] {
  const own = events.filter((bytes) => parseEnvelope(bytes).sid === sid);
  const kept = own.slice(0, -3);
  const before = kept.at(-1) ?? new Uint8Array();
  const was = parseEnvelope(own.at(-1) ?? new Uint8Array());
  const seq = kept.length;
  const prev = hex(sha256(before));
  const chain = () => new EventChain({ tenant: 'default', sid, producer: was.prod }, { who: was.who, on: was.on }, { seq, prev });
  const stamp = { id: was.id, pseq: was.prod.pseq, wall: was.t.wall, monoUs: was.t.mono_us };
  const plain = chain().writeJson('session.closed', JSON.stringify({ final_seq: seq, head: prev, ...end }), stamp, 'null', '[]');
  const forged = key === null ? plain : signedAnew(plain, key);
  const gone = new Set(own.slice(kept.length));
  return [...events.filter((bytes) => !gone.has(bytes)), forged];
}

/** Without a producer's last events. */
function cutProducer(events: readonly Uint8Array[], producer: string, count: number): Uint8Array[] {
  const gone = new Set(events.filter((bytes) => parseEnvelope(bytes).prod.id === producer).slice(-count));
  return events.filter((bytes) => !gone.has(bytes));
}
