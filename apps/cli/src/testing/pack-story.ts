import { EvidenceUnavailableError, uuidv7, type EvidenceLog } from '@sallyport/domain-model';
import { conceal, EventChain, type EventData, type EventType, type On, type Who } from '@sallyport/domain-events';
import { CompactRange, formatVerifierKey, leafHash, newSessionKey, noteSigner, SessionRecorder, signCheckpoint, signingKeyOf, signNote } from '@sallyport/engine-evidence';
import { generateKeyPairSync } from 'node:crypto';
import type { Exported, LogCheckpoint, PackSource, StoredLeaf } from '../pack/pack-source.ts';

const name = 'log.cli.test';
const signer = noteSigner(name, signingKeyOf(new Uint8Array(32).fill(7)));
const reader = generateKeyPairSync('x25519').publicKey;

/** The ledger and the log of a small house, in memory. Events are a second apart, from 9 o'clock. */
export class PackStory implements PackSource {
  readonly stored: StoredLeaf[] = [];
  readonly exports: Exported[] = [];
  /** How many leaves the first checkpoint covers; the second covers all. */
  firstCheckpoint = 0;
  #ms = Date.UTC(2026, 10, 20, 9);
  readonly #pseq = new Map<string, number>();

  append(bytes: Uint8Array, openings: readonly string[] = []): void {
    this.stored.push({ leaf: this.stored.length, received: new Date(this.#ms).toISOString(), bytes, openings });
  }

  tick(): number {
    return (this.#ms += 1000);
  }

  get clock() {
    return { now: () => this.tick(), monoUs: () => (this.#ms - Date.UTC(2026, 10, 20)) * 1000 };
  }

  next(producer: string): number {
    const next = (this.#pseq.get(producer) ?? 0) + 1;
    this.#pseq.set(producer, next);
    return next;
  }

  checkpoint(most: number | null, how?: 'stamped'): Promise<LogCheckpoint | null> {
    if (how === 'stamped') return Promise.resolve(null);
    const size = most === null ? this.stored.length : this.firstCheckpoint;
    if (most !== null && (size === 0 || size > most)) return Promise.resolve(null);
    const range = new CompactRange();
    for (const { bytes } of this.stored.slice(0, size)) range.append(leafHash(bytes));
    return Promise.resolve({ note: signCheckpoint({ origin: `${name}/1`, size, root: range.root() }, signer), origin: `${name}/1`, size, timestamps: [], key: formatVerifierKey(signer.key) });
  }

  tile(level: number, index: number, width: number): Promise<Uint8Array> {
    if (level > 0) throw new Error('this story fits into one tile');
    return Promise.resolve(Buffer.concat(this.stored.slice(index * 256, index * 256 + width).map(({ bytes }) => leafHash(bytes))));
  }

  leaves(from: number, limit: number): Promise<readonly StoredLeaf[]> {
    return Promise.resolve(this.stored.slice(from, from + limit));
  }

  policy(version: number) {
    return Promise.resolve({ version, digest: 'set-3', files: [{ name: 'ledger.cedar', text: 'permit (principal, action, resource);' }] });
  }

  sign(exported: Exported): Promise<string> {
    this.exports.push(exported);
    return Promise.resolve(signNote(`sallyport.dev/pack/v1\n${exported.origin}\n${exported.manifest}\n`, signer));
  }
}

const onDb: On = { target: 'ledger-db', kind: 'postgres', env: 'production' };
const person = (of: string): Who => ({ id: `person:${of}`, npid: null, iss: null, tok: null, jti: null, owner: null });
const auth = (approval: string | null = null) => ({ policy: 3, slice: 'slice', lease: 'lease', approval });
const rest = (verb: string, effect: string, shape: string, rule: string) => JSON.stringify({ verb, reading: 'whole', effects: [effect], shape, fingerprint: null, kind: verb.toUpperCase(), rules: [rule], say: null }).slice(1);

/** Two sessions: nightly reads masked, is denied a drop, has an update held and approved; another machine reads. */
export function packStory(): PackStory {
  const house = new PackStory();
  const gateway = { id: 'gateway', epoch: uuidv7() };
  const policy = chain(house, 'policy');
  policy('policy.activated', { version: 3, digest: 'set-3', previous: 'set-2', rules: 3 }, person('olga'));
  const nightly = session(house, gateway, 'nightly');
  const other = session(house, gateway, 'other');
  const [read, drop, update, theirs] = [uuidv7(), uuidv7(), uuidv7(), uuidv7()];
  nightly.decided(read, 'allow', rest('read', 'read ledger.customers', 'select ssn from ledger.customers', 'reads'), auth(), 'select ssn from ledger.customers', null);
  nightly.record('mask.applied', { command: read, columns: [{ column: 'ledger.customers.ssn', tag: 'us.ssn', action: 'last4', layer: 'oid', cells: 12 }] });
  other.decided(theirs, 'allow', rest('read', 'read ledger.entries', 'select * from ledger.entries', 'reads'), auth(), 'select * from ledger.entries', null);
  nightly.decided(drop, 'deny', rest('define', 'define ledger.entries', 'drop table ledger.entries', 'no-drop'), auth(), 'drop table ledger.entries', null);
  const shape = 'update ledger.accounts set balance = $1';
  nightly.decided(update, 'hold', rest('write', 'write ledger.accounts', shape, 'second-person'), auth(), shape, null);
  approve(house, nightly, update, shape);
  nightly.settled({ command: read, status: 'SELECT 12', rows: 12, bytes: 100, micros: 50, error: null });
  nightly.settled({ command: update, status: 'UPDATE 1', rows: 1, bytes: 0, micros: 50, error: null });
  nightly.close({ by: 'client', why: 'terminated', commands: 3, denied: 1, held: 1, rows: 13, bytes: 100 });
  other.close({ by: 'client', why: 'terminated', commands: 1, denied: 0, held: 0, rows: 0, bytes: 0 });
  return house;
}

function approve(house: PackStory, nightly: SessionRecorder, command: string, shape: string): void {
  const tell = chain(house, 'approvals');
  const [approval, owner] = [uuidv7(), machine('nightly')];
  const session = sidOf(house);
  tell('approval.requested', { approval, session, command, machine: 'nightly', target: 'ledger-db', shape, binding: 'b', quorum: [{ group: 'dba', count: 1 }], expires: '', rules: ['second-person'] }, owner);
  tell('approval.voted', { approval, by: 'bob', vote: 'approve', groups: ['dba'] }, person('bob'));
  tell('approval.granted', { approval, by: ['bob'] }, person('bob'));
  tell('approval.consumed', { approval, session, command }, owner);
  nightly.decided(command, 'allow', rest('write', 'write ledger.accounts', shape, 'second-person'), auth(approval), shape, null);
}

/** The first session's id: that of the story's second leaf. */
function sidOf({ stored }: PackStory): string {
  return /"sid":"([0-9a-f-]{36})"/.exec(Buffer.from(stored[1]?.bytes ?? []).toString())?.[1] ?? '';
}

const machine = (of: string): Who => ({ id: `machine:${of}`, npid: of, iss: 'https://issuer.test', tok: 'a'.repeat(64), jti: null, owner: 'alice' });

function chain(house: PackStory, producer: string) {
  const epoch = uuidv7();
  const own = new EventChain({ tenant: 'default', sid: epoch, producer: { id: producer, epoch } }, { who: null, on: null });
  return <T extends EventType>(type: T, data: EventData[T], who: Who): void => {
    const wall = new Date(house.tick()).toISOString().replace('Z', '000Z');
    const { data: shown, who: covered, disclosures } = conceal(type, data, who);
    house.append(own.write(type, shown, { id: uuidv7(), pseq: house.next(producer), wall, monoUs: house.clock.monoUs() }, null, [], { who: covered, on: null }), disclosures);
  };
}

function session(house: PackStory, producer: { readonly id: string; readonly epoch: string }, of: string): SessionRecorder {
  let at = 0;
  const log: EvidenceLog = {
    producer,
    refusing: null,
    next: () => house.next(producer.id),
    append: (bytes) => {
      if (bytes.byteLength === 0) throw new EvidenceUnavailableError('nothing to append');
      house.append(bytes);
      return ++at;
    },
    local: 0,
    acked: 0,
    whenDurable: (_position, _how, done) => done(null),
  };
  const { key, wrapped } = newSessionKey(reader);
  const recorder = new SessionRecorder({ tenant: 'default', session: uuidv7(), who: machine(of), on: onDb, log, clock: house.clock, key });
  recorder.record('session.opened', { protocol: 'postgres', role: null, source: '10.0.0.7', client: 'psql', evidence: 'strict', lease: 'lease', policy: 3, mask_plan: null, key: wrapped });
  return recorder;
}
