// CPU of one small statement within the gateway, sockets, TLS, disk and bus left out: frames, reading, decision, evidence, release, masks.
// CPU time, not wall time: it can be read on a busy machine too. Run: node --conditions=@sallyport/source bench/session.ts [sessions]
import { generateKeyPairSync } from 'node:crypto';
import { Socket } from 'node:net';
import { id, Sealed, systemClock, uuidv7, type Command, type Decision, type EvidenceLog, type MaskPlan, type RuleId, type SessionId, type Digest } from '@sallyport/domain-model';
import { encodeMessage, type CommandResult } from '@sallyport/domain-events';
import { newSessionKey, SessionRecorder } from '@sallyport/engine-evidence';
import { createMasker } from '@sallyport/engine-masking';
import { SessionGate, type ApprovalsPort, type EvidencePort, type LiveLease } from '@sallyport/engine-session';
import { catalogueQueries } from '../src/catalogue/index.ts';
import { bindComplete, parseComplete, sync, writeBind, writeCommandComplete, writeDataRow, writeDescribe, writeExecute, writeParse, writeQuery, writeReadyForQuery, writeRowDescription } from '../src/messages/index.ts';
import { CatalogueCache } from '../src/session/catalogue-cache.ts';
import { PostgresSession } from '../src/session/session.ts';
import { loadParser, StatementReader } from '../src/sql/index.ts';
import { targetOf } from '../src/testing/world.ts';

const sessions = Number(process.argv[2] ?? 8);
const statements = 60_000;
const rounds = 5;

const plan: MaskPlan = { id: 'p', target: 'bench', columns: [{ column: 'public.customers.ssn', tag: 'us.ssn', action: 'last4' }], detectors: ['card', 'ssn', 'iban', 'email', 'phone'], large: [] };
const masker = createMasker(plan, Buffer.alloc(32, 7));
const reader = new StatementReader(await loadParser());
const allow: Decision = { kind: 'allow', slice: id<Digest>('a'.repeat(64)), rules: [id<RuleId>('read')], obligations: { maxRows: null, maxBytes: null } };
const lease: LiveLease = { id: uuidv7(), policyVersion: 1, slice: allow.slice, decide: () => allow, unmasked: () => nothing };
const nothing: ReadonlySet<string> = new Set();
const who = { id: 'machine:bench', npid: 'b'.repeat(64), iss: 'https://issuer.test', tok: 'c'.repeat(64), jti: 'j', owner: 'alice' };

/** Takes events and calls them durable a turn of the loop later, as a group commit would. */
class Log implements EvidenceLog {
  readonly producer = { id: 'gw-1', epoch: uuidv7() };
  readonly refusing = null;
  local = 0;
  acked = 0;
  bytes = 0;
  #tail = 0;
  #waiting: { position: number; done: (error: null) => void }[] = [];

  next(): number {
    return this.#tail + 1;
  }

  append(event: Uint8Array, blobs: Parameters<EvidenceLog['append']>[1]): number {
    this.bytes += encodeMessage({ event, blobs: blobs.map(({ bytes }) => bytes) }).byteLength;
    if (this.#tail === this.local) setImmediate(() => this.#commit());
    return ++this.#tail;
  }

  whenDurable(position: number, _how: 'local' | 'acked', done: (error: Error | null) => void): void {
    if (position <= this.local) done(null);
    else this.#waiting.push({ position, done });
  }

  #commit(): void {
    this.local = this.acked = this.#tail;
    for (const { done } of this.#waiting.splice(0)) done(null);
  }
}

const log = new Log();
const cache = new CatalogueCache('shared');
await cache.refresh((text) => Promise.resolve(catalogueRows(text)));

function catalogueRows(text: string): (string | null)[][] {
  switch (text) {
    case catalogueQueries.relations:
      return [['16400', 'public', 'pgbench_accounts', 'r', 'f', null], ['16401', 'public', 'customers', 'r', 'f', null]];
    case catalogueQueries.columns:
      return [['16400', '1', 'aid', '23'], ['16400', '2', 'bid', '23'], ['16400', '3', 'abalance', '23'], ['16400', '4', 'filler', '1042'], ['16401', '1', 'id', '23'], ['16401', '2', 'ssn', '25']];
    case catalogueQueries.schemas:
      return [['pg_catalog'], ['public']];
    case catalogueQueries.path:
      return [['pg_catalog'], ['public']];
    default:
      return [];
  }
}

/** An end of a connection without a kernel behind it. */
class Wire extends Socket {
  readonly #heard: (bytes: Buffer) => void;

  constructor(heard: (bytes: Buffer) => void) {
    super();
    this.#heard = heard;
  }

  override _read(): void {
    // Bytes are pushed.
  }

  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    this.#heard(bytes);
    done();
  }
}

class Evidence implements EvidencePort {
  readonly mode = 'strict';
  readonly refusing = null;
  readonly #recorder: SessionRecorder;
  readonly #auth = { policy: 1, slice: allow.slice, lease: lease.id, approval: null };

  constructor(session: string) {
    const { key } = newSessionKey(generateKeyPairSync('x25519').publicKey);
    this.#recorder = new SessionRecorder({ tenant: 'default', session, who, on: { target: 'bench', kind: 'postgres', env: 'test' }, log, clock: systemClock, key });
  }

  get durable(): number {
    return log.acked;
  }

  whenDurable(position: number, done: (error: Error | null) => void): void {
    log.whenDurable(position, 'acked', done);
  }

  decided(command: Command, decision: Decision['kind'], rest: string): number {
    return this.#recorder.decided(command.id, decision, rest, this.#auth, command.text.open('sealed'), command.parameters?.open('sealed') ?? null);
  }

  settled(result: CommandResult): void {
    this.#recorder.settled(result);
  }

  masked(): void {
    throw new Error('nothing is masked here');
  }

  record(): void {
    throw new Error('nothing is refused here');
  }
}

const nobody: ApprovalsPort = { open: () => Promise.reject(new Error('nothing is held here')), outcome: () => Promise.resolve(true), consume: () => Promise.resolve(true), withdraw: () => undefined, binding: () => '' };

type Mode = 'simple' | 'extended' | 'prepared';

const columns = writeRowDescription([{ name: 'abalance', tableOid: 16400, attnum: 3, typeOid: 23, typeLen: 4, typeMod: -1, format: 0 }]);
const row = writeDataRow([Buffer.from('-4711')]);
const complete = writeCommandComplete('SELECT 1');
const ready = writeReadyForQuery('I');
const ofQuery = Buffer.concat([columns, row, complete, ready]);
const ofPath = Buffer.concat([writeRowDescription([{ name: 's', tableOid: 0, attnum: 0, typeOid: 25, typeLen: -1, typeMod: -1, format: 0 }]), writeDataRow([Buffer.from('pg_catalog')]), writeDataRow([Buffer.from('public')]), complete, ready]);
const isPath = (bytes: Buffer) => bytes[0] === 0x51 && bytes.includes('current_schemas');
const parameters = (aid: number) => {
  const text = Buffer.from(String(aid));
  return Buffer.concat([Buffer.from([0, 0, 0, 1, 0, 0, 0, text.length]), text]);
};

/** One client that sends its next statement when the last one is answered. */
class Client {
  readonly #client: Wire;
  readonly #mode: Mode;
  readonly #done: () => void;
  #left: number;
  #prepared = false;

  constructor(mode: Mode, count: number, done: () => void) {
    this.#mode = mode;
    this.#left = count;
    this.#done = done;
    const session = id<SessionId>(uuidv7());
    const gate = new SessionGate({
      session, masker: () => masker, closing: new AbortController().signal,
      ports: { lease: { current: () => lease, renewed: () => Promise.resolve(lease) }, evidence: new Evidence(session), plan: () => plan, approvals: nobody },
    });
    this.#client = new Wire((bytes) => this.#onClient(bytes));
    const server: Wire = new Wire((bytes) => void server.push(this.#answer(bytes)));
    const target = targetOf(1);
    void new PostgresSession({
      session: { id: session, target, settings: {}, gate, credential: () => Promise.reject(new Error('no dial')), onCancel: () => () => undefined },
      greeting: { socket: this.#client, role: null, target: 'bench', token: new Sealed(''), client: null, protocol: '3.0', database: 'bench', parameters: {}, rest: Buffer.alloc(0) },
      upstream: { socket: server, rest: Buffer.alloc(0), parameters: new Map(), key: null, cancel: () => Promise.resolve() },
      reader, catalogue: cache, maxFrame: 1 << 20,
    }).run();
  }

  #answer(bytes: Buffer): Buffer {
    if (isPath(bytes)) return ofPath;
    if (this.#mode === 'simple') return ofQuery;
    const parts: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += 1 + bytes.readInt32BE(at + 1)) {
      const type = bytes[at];
      if (type === 0x50) parts.push(parseComplete);
      else if (type === 0x42) parts.push(bindComplete);
      else if (type === 0x44) parts.push(columns);
      else if (type === 0x45) parts.push(row, complete);
      else if (type === 0x53) parts.push(ready);
    }
    return Buffer.concat(parts);
  }

  #onClient(bytes: Buffer): void {
    if (bytes[bytes.length - 6] !== 0x5a) return;
    if (this.#left-- > 0) this.#client.push(this.#next());
    else this.#done();
  }

  #next(): Buffer {
    const aid = (this.#left * 7919) % 1_000_000;
    if (this.#mode === 'simple') return writeQuery(`SELECT abalance FROM pgbench_accounts WHERE aid = ${aid};`);
    const name = this.#mode === 'prepared' ? 'P0' : '';
    const bind = [writeBind('', name, parameters(aid), []), writeDescribe('P', ''), writeExecute(''), sync];
    if (this.#prepared && this.#mode === 'prepared') return Buffer.concat(bind);
    this.#prepared = true;
    return Buffer.concat([writeParse(name, 'SELECT abalance FROM pgbench_accounts WHERE aid = $1;'), ...bind]);
  }
}

function round(mode: Mode): Promise<number> {
  return new Promise((resolve) => {
    let open = sessions;
    const before = process.cpuUsage();
    const done = () => {
      const used = process.cpuUsage(before);
      if (--open === 0) resolve((used.user + used.system) / statements);
    };
    for (let i = 0; i < sessions; i++) new Client(mode, statements / sessions, done);
  });
}

for (const mode of ['simple', 'extended', 'prepared'] as const) {
  const micros: number[] = [];
  for (let i = 0; i <= rounds; i++) micros.push(await round(mode));
  const sorted = micros.slice(1).sort((a, b) => a - b);
  process.stdout.write(`${mode.padEnd(10)} ${sorted[rounds >> 1]?.toFixed(1)} µs a statement (best ${sorted[0]?.toFixed(1)})\n`);
}
process.exit(0);
