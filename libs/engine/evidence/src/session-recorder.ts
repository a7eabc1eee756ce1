import { EvidenceUnavailableError, instant, uuidv7, type Clock, type EvidenceLog, type Position } from '@sallyport/domain-model';
import { conceal, EventChain, type Authority, type BlobRef, type ChainHead, type CommandDecided, type CommandResult, type EventData, type EventStamp, type EventType, type On, type SealOpenings, type Who } from '@sallyport/domain-events';
import { signEnd, type InstanceKey } from './producers/signed-end.ts';
import type { SealedText, SessionKey } from './session-key.ts';

/** Ends of commands in one event. 64 results of ~200 bytes stay far below the event's limit. */
export const resultsPerEvent = 64;

export interface SessionRecording {
  readonly tenant: string;
  /** UUIDv7 of the session; it is the chain's id. */
  readonly session: string;
  readonly who: Who | null;
  readonly on: On | null;
  readonly log: EvidenceLog;
  readonly clock: Clock;
  /** Null for a session that never opens: nothing can be sealed then. */
  readonly key: SessionKey | null;
  /** Seals what opens concealed fields. Left out: nothing is concealed. */
  readonly openings?: SealOpenings;
  /** Signs the end of the session. Left out: its end bears no signature. */
  readonly instance?: InstanceKey;
}

/** What a session's end says of it; the recorder adds where the chain ends. */
export type SessionEnd = Omit<EventData['session.closed'], 'final_seq' | 'head'>;

/**
 * The one writer of a session's chain. Every method throws EvidenceUnavailableError when the log takes nothing, and then nothing was
 * written: the chain stands where it stood and can go on later. Not safe for two threads; a session lives on one event loop.
 */
export class SessionRecorder {
  readonly #of: SessionRecording;
  #chain: EventChain;
  #auth: Authority | null = null;
  #authJson = 'null';
  #results: string[] = [];

  constructor(of: SessionRecording) {
    this.#of = of;
    this.#chain = this.#chainFrom();
  }

  get head(): ChainHead {
    return this.#chain.head;
  }

  /** Ends of commands that wait for the next batch. */
  get unsettled(): number {
    return this.#results.length;
  }

  record<T extends EventType>(type: T, data: EventData[T], rest: { readonly auth?: Authority | null; readonly blobs?: readonly SealedText[] } = {}): Position {
    const { openings } = this.#of;
    const covered = openings === undefined ? { data, disclosures: [] } : conceal(type, data, null);
    const opening = openings === undefined || covered.disclosures.length === 0 ? none : [openings(covered.disclosures)];
    return this.#write(type, JSON.stringify(covered.data), this.#render(rest.auth ?? null), [...(rest.blobs ?? none), ...opening]);
  }

  /**
   * A decision. `rest` is the JSON of everything in CommandDecided after `decision`, with its closing brace, which the caller keeps for
   * repeated statements; it answers for its being valid JSON of that shape. The same goes for `command`, which must be a UUID.
   */
  decided(command: string, decision: CommandDecided['decision'], rest: string, auth: Authority | null, text: string | Uint8Array | null, parameters: Uint8Array | null): Position {
    this.#mayBegin();
    const blobs: SealedText[] = [];
    if (text !== null) blobs.push(this.seal('text', text));
    if (parameters !== null && parameters.byteLength > 0) blobs.push(this.seal('params', parameters));
    return this.#write('command.decided', `{"command":"${command}","decision":"${decision}",${rest}`, this.#render(auth), blobs);
  }

  /** Collects the end of a command; writes one event when 64 have come. The caller flushes the rest soon after, and at the end. */
  settled(result: CommandResult): Position | null {
    this.#results.push(JSON.stringify(result));
    return this.#results.length >= resultsPerEvent ? this.flush() : null;
  }

  /** Writes what `settled` collected. Null when there was nothing. What could not be written stays collected. */
  flush(): Position | null {
    let position: Position | null = null;
    while (this.#results.length > 0) {
      position = this.#write('command.settled', `{"results":[${this.#results.slice(0, resultsPerEvent).join(',')}]}`, this.#authJson, none);
      this.#results = this.#results.slice(resultsPerEvent);
    }
    return position;
  }

  /** Flushes, then writes the last event of the chain. */
  close(end: SessionEnd): Position {
    this.flush();
    const { seq, prev } = this.#chain.head;
    const data: EventData['session.closed'] = { final_seq: seq, head: prev, ...end };
    return this.#of.instance === undefined ? this.record('session.closed', data) : this.#signedEnd(data, this.#of.instance);
  }

  /** Encrypts what must not stand in an event. Hand the result to `record`; the key stream moves on even if the record then fails. */
  seal(role: BlobRef['role'], plaintext: string | Uint8Array): SealedText {
    if (this.#of.key === null) throw new EvidenceUnavailableError('this session has no key to seal with');
    return this.#of.key.seal(role, plaintext);
  }

  /** What is signed is the event itself with an empty signature, so that everything in it is. */
  #signedEnd(data: EventData['session.closed'], key: InstanceKey): Position {
    const stamp = this.#stamp();
    const draft = this.#chainFrom(this.#chain.head).writeJson('session.closed', JSON.stringify({ ...data, key: key.vkey, signature: '' }), stamp, 'null', '[]');
    return this.#append('session.closed', JSON.stringify({ ...data, ...signEnd(draft, key) }), stamp, 'null', none);
  }

  #write(type: EventType, data: string, auth: string, blobs: readonly SealedText[]): Position {
    return this.#append(type, data, this.#stamp(), auth, blobs);
  }

  #stamp(): EventStamp {
    const { log, clock } = this.#of;
    const now = clock.now();
    return { id: uuidv7(Math.floor(now)), pseq: log.next(), wall: instant(now), monoUs: clock.monoUs() };
  }

  #append(type: EventType, data: string, stamp: EventStamp, auth: string, blobs: readonly SealedText[]): Position {
    const before = this.#chain.head;
    const bytes = this.#chain.writeJson(type, data, stamp, auth, blobRefs(blobs));
    try {
      return this.#of.log.append(bytes, blobs);
    } catch (error) {
      this.#chain = this.#chainFrom(before);
      throw error;
    }
  }

  /** Decisions begin something; everything else tells how what runs goes on, and is tried to the last. */
  #mayBegin(): void {
    const refusing = this.#of.log.refusing;
    if (refusing !== null) throw new EvidenceUnavailableError(refusing);
  }

  /** A lease's authority is one object for as long as it stands, so that it is rendered once. */
  #render(auth: Authority | null): string {
    if (auth !== this.#auth) {
      this.#auth = auth;
      this.#authJson = JSON.stringify(auth);
    }
    return this.#authJson;
  }

  #chainFrom(head?: ChainHead): EventChain {
    const { tenant, session, who, on, log } = this.#of;
    return new EventChain({ tenant, sid: session, producer: log.producer }, { who, on }, head);
  }
}

const none: readonly SealedText[] = [];

function blobRefs(blobs: readonly SealedText[]): string {
  if (blobs.length === 0) return '[]';
  let json = '';
  for (const { ref } of blobs) json += `${json === '' ? '[' : ','}{"role":"${ref.role}","ct_sha256":"${ref.ct_sha256}","off":${ref.off},"len":${ref.len}}`;
  return `${json}]`;
}
