import type { Envelope } from '@sallyport/domain-events';
import type { Where } from '../findings.ts';
import { openRotation, type KeyRotation } from '../note/key-rotation.ts';
import { NoteError } from '../note/note-error.ts';
import { formatVerifierKey } from '../note/verifier-key.ts';
import { endSignature, endUse, publicKeyOf } from './signed-end.ts';

/** `forged`: it was not written by who should have. `untrusted`: it was written by a key that the examiner does not know. */
export type EndFault = (kind: 'forged' | 'untrusted', where: Where, say: string) => void;

/** One start of one producer. */
interface Start {
  /** What `key.created` says, the first of them. */
  registered: { readonly key: string; readonly where: Where } | null;
  /** Keys of ends whose signature holds, with the first of those. */
  readonly keys: Map<string, Where>;
  readonly unsigned: Where[];
}

/**
 * The keys of producers, and the ends of their sessions: SPEC.md 1.3. A start that has named a key, or has signed one end, has signed all. A key belongs to one
 * producer, and to a start belongs one key. What the log says of its own key being followed must be signed by both (2.3).
 */
export class Ends {
  readonly #fault: EndFault;
  readonly #starts = new Map<string, Start>();
  /** Producers by public key, and where each was first seen with it. */
  readonly #owners = new Map<string, string>();
  /** Keys that the examiner knows, by producer. */
  readonly #known: ReadonlyMap<string, ReadonlySet<string>>;
  #unvouched = 0;
  #signed = 0;

  /** @param known vkeys of producers that the examiner has from elsewhere: for a producer of those names, no other key will do */
  constructor(fault: EndFault, known: readonly string[] = []) {
    this.#fault = fault;
    this.#known = new Map([...Map.groupBy(known, (vkey) => vkey.slice(0, vkey.indexOf('+')))].map(([name, vkeys]) => [name, new Set(vkeys)]));
  }

  add(event: Envelope, where: Where): void {
    if (event.type === 'key.created') this.#register(event, where);
    else if (event.type === 'session.closed') this.#end(event, where);
    else if (event.type === 'key.rotated') this.#rotated(event, where);
  }

  /** @returns what could not be said, as sentences */
  finish(): readonly string[] {
    for (const start of this.#starts.values()) this.#check(start);
    if (this.#signed === 0) return [];
    const notes = [`${this.#signed} session ends are signed by their gateways’ keys`];
    return this.#unvouched === 0 ? notes : [...notes, `for ${this.#unvouched} of them no event here names the key: pin it to be sure of it`];
  }

  #start({ prod }: Envelope): Start {
    const name = `${prod.id} ${prod.epoch}`;
    let start = this.#starts.get(name);
    if (start === undefined) this.#starts.set(name, (start = { registered: null, keys: new Map(), unsigned: [] }));
    return start;
  }

  #register(event: Envelope, where: Where): void {
    const { use, key } = event.d as Partial<Record<string, unknown>>;
    if (use !== endUse) return;
    const start = this.#start(event);
    if (typeof key !== 'string' || publicKeyOf(key, event.prod.id) === null || event.sid !== event.prod.epoch) return this.#fault('forged', where, 'it names a key that is not its producer’s own');
    if (start.registered !== null && start.registered.key !== key) return this.#fault('forged', where, 'its producer has named another key in the same start');
    start.registered = { key, where };
    this.#claim(key, event.prod.id, where);
    this.#pinned(key, event.prod.id, where);
  }

  #end(event: Envelope, where: Where): void {
    const found = endSignature(event);
    const start = this.#start(event);
    switch (found.kind) {
      case 'unsigned':
        start.unsigned.push(where);
        return;
      case 'forged':
        return this.#fault('forged', where, found.say);
      case 'signed':
        this.#signed++;
        if (start.registered === null) this.#unvouched++;
        if (start.keys.has(found.key)) return;
        start.keys.set(found.key, where);
        this.#claim(found.key, event.prod.id, where);
        this.#pinned(found.key, event.prod.id, where);
    }
  }

  #rotated({ d }: Envelope, where: Where): void {
    const { note, log, old, new: next } = d as Partial<Record<string, unknown>>;
    const said = typeof note === 'string' ? rotationOf(note) : null;
    if (said === null || said.old.name !== log || formatVerifierKey(said.old) !== old || formatVerifierKey(said.next) !== next) this.#fault('forged', where, 'the log’s key is said to be followed by another, and not both of them have signed that');
  }

  #claim(key: string, producer: string, where: Where): void {
    // Base64 may have plus signs of its own: the key is what stands behind the second one.
    const publicKey = key.slice(key.indexOf('+', key.indexOf('+') + 1) + 1);
    const owner = this.#owners.get(publicKey);
    if (owner === undefined) this.#owners.set(publicKey, producer);
    else if (owner !== producer) this.#fault('forged', where, `the key is that of producer ${owner}`);
  }

  #pinned(key: string, producer: string, where: Where): void {
    if (this.#known.get(producer)?.has(key) === false) this.#fault('untrusted', where, `the key of producer ${producer} is not the one that you know`);
  }

  #check({ registered, keys, unsigned }: Start): void {
    const [first] = keys.keys();
    const own = registered?.key ?? first;
    for (const [key, where] of keys) {
      if (key !== own) this.#fault('forged', where, 'the session’s end is signed by another key than its producer’s');
    }
    for (const where of unsigned) {
      if (own !== undefined || this.#known.has(where.producer ?? '')) this.#fault('forged', where, 'the session’s end bears no signature, which its producer gives to each: it is not what its gateway wrote');
    }
  }
}

function rotationOf(note: string): KeyRotation | null {
  try {
    return openRotation(note);
  } catch (error) {
    if (error instanceof NoteError) return null;
    throw error;
  }
}
