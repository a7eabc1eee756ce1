import { refusal, type Position } from '@sallyport/domain-model';
import { readCommandComplete } from '../messages/command-complete.ts';
import { readDataRow } from '../messages/data-row.ts';
import { readErrorFields, writeErrorFields } from '../messages/error-response.ts';
import { readReadyForQuery } from '../messages/ready-for-query.ts';
import { readRowDescription, type ResultColumn } from '../messages/row-description.ts';
import { errorFor } from '../refuse.ts';
import { asideFrame } from './aside.ts';
import { columnRefs } from './columns.ts';
import { CopyMasker } from './copy-out.ts';
import { discard, type Conversation } from './conversation.ts';
import type { Op } from './op.ts';
import { Passage } from './passage.ts';
import { maskRow } from './rows.ts';
import { scrubFields } from './scrub-fields.ts';
import type { CommandRun } from './run.ts';
import { changesNames, movesNames } from './scope.ts';

/**
 * The server's frames, in order: each belongs to the first operation that waits for an answer. Whatever does not fit there
 * ends the session: two sides that disagree about what is being answered could show one command's rows as another's.
 */
export class Back {
  readonly #c: Conversation;
  readonly #passage = new Passage();
  #copy: CopyMasker | null = null;
  #told = false;
  #position: Position = 0;

  constructor(conversation: Conversation) {
    this.#c = conversation;
  }

  /** Bytes for the client collected so far. */
  take(): Buffer | null {
    return this.#passage.take();
  }

  /** What must be released before those bytes may leave: the position of the latest command that has answered. */
  get position(): Position {
    return this.#position;
  }

  insert(bytes: Buffer): void {
    this.#passage.insert(bytes);
  }

  frame(type: number, bytes: Buffer, start: number, end: number): void {
    const c = this.#c;
    const op = c.ops.first;
    if (type === 0x53 || type === 0x4e || type === 0x41) return this.#aside(op, type, bytes, start, end);
    if (type === 0x45) return this.#error(op, bytes, start, end);
    if (op === undefined) return this.#outOfStep(type);
    this.#answer(op, type, bytes, start, end);
    if (c.ops.size === 0) c.wake();
  }

  #answer(op: Op, type: number, bytes: Buffer, start: number, end: number): void {
    switch (op.kind) {
      case 'own':
        return this.#own(op, type, bytes, start, end);
      case 'query':
        return this.#query(op, type, bytes, start, end);
      case 'execute':
        return this.#execute(op, type, bytes, start, end);
      case 'describe':
        return this.#describe(op, type, bytes, start, end);
      case 'parse':
        return this.#expect(type, 0x31, bytes, start, end);
      case 'bind':
        return this.#expect(type, 0x32, bytes, start, end);
      case 'close':
        return this.#expect(type, 0x33, bytes, start, end);
      case 'execute-empty':
        return this.#expect(type, 0x49, bytes, start, end);
      case 'sync':
        if (type !== 0x5a) return this.#outOfStep(type);
        return this.#ready(op.mark, bytes, start, end);
      case 'refused':
        if (type !== 0x5a || !op.simple || !op.said) return this.#outOfStep(type);
        return this.#ready(op.mark, bytes, start, end);
      default:
        return this.#outOfStep(type);
    }
  }

  /** The command that is being answered, if it is one; what follows waits for its release. */
  #running(op: Op | undefined): CommandRun | undefined {
    const run = op?.kind === 'execute' ? op.run : op?.kind === 'query' ? op.runs[op.at] : undefined;
    if (run !== undefined) this.#position = run.permit.position;
    return run;
  }

  /** What comes between is of the command that runs: it waits for that command's release. */
  #aside(op: Op | undefined, type: number, bytes: Buffer, start: number, end: number): void {
    const c = this.#c;
    this.#running(op);
    const aside = asideFrame(type, bytes, start, end, { masker: c.gate.masker, ours: op?.kind === 'own', user: c.user });
    if (aside === 'pass') return this.#pass(bytes, start, end);
    if (aside === 'drop') return;
    if ('broken' in aside) return c.fatal('unreadable', aside.broken);
    this.#passage.insert(aside);
  }

  #query(op: Extract<Op, { kind: 'query' }>, type: number, bytes: Buffer, start: number, end: number): void {
    if (type === 0x5a) {
      // Each statement has answered, or one has failed: else the server saw other statements than we did.
      if (!op.failed && op.at < op.runs.length) return this.#outOfStep(type);
      for (const run of op.runs) run.settle('unsent', null);
      return this.#ready(op.mark, bytes, start, end);
    }
    if (type === 0x49 && op.runs.length === 0) return this.#pass(bytes, start, end);
    const run = op.runs[op.at];
    if (run === undefined || op.failed) return this.#outOfStep(type);
    this.#position = run.permit.position;
    if (type === 0x54) {
      this.#bind(run, bytes, start, end);
      return this.#pass(bytes, start, end);
    }
    if (!this.#result(run, type, bytes, start, end)) return;
    op.at++;
    // The server was done before it heard of the limit, and has gone on to the next statement: the client must not see that as one answer.
    if (run.cut !== null && op.at < op.runs.length) this.#c.fatal('limit', 'the result was cut off at its limit, with further statements behind it');
  }

  #execute(op: Extract<Op, { kind: 'execute' }>, type: number, bytes: Buffer, start: number, end: number): void {
    this.#position = op.run.permit.position;
    if (op.run.bound === null && type === 0x44 && op.portal.columns !== null) this.#mask(op.run, op.portal.columns);
    if (!this.#result(op.run, type, bytes, start, end)) return;
    op.portal.rows += op.run.rows;
    op.portal.bytes += op.run.bytes;
    this.#c.ops.shift();
    if (op.run.cut !== null) this.#afterCut();
  }

  /** Frames of a running result. True when the command is over. */
  #result(run: CommandRun, type: number, bytes: Buffer, start: number, end: number): boolean {
    switch (type) {
      case 0x44: // DataRow
        this.#row(run, bytes, start, end);
        return false;
      case 0x43: // CommandComplete
        this.#copy = null;
        this.#c.copyingIn = false;
        this.#done(run, readCommandComplete(bytes, start, end).rows, bytes, start, end);
        return true;
      case 0x73: // PortalSuspended
        this.#done(run, null, bytes, start, end);
        return true;
      case 0x47: // CopyInResponse
        this.#copyIn(run);
        this.#pass(bytes, start, end);
        return false;
      case 0x48: // CopyOutResponse
        this.#copy = CopyMasker.for(run, this.#c, bytes, start, end);
        this.#tell(run);
        this.#pass(bytes, start, end);
        return false;
      case 0x64: // CopyData
        this.#copyRow(run, bytes, start, end);
        return false;
      case 0x63: // CopyDone
        if (run.cut === null) this.#pass(bytes, start, end);
        return false;
      default:
        this.#outOfStep(type);
        return false;
    }
  }

  #row(run: CommandRun, bytes: Buffer, start: number, end: number): void {
    if (!this.#count(run, end - start)) return;
    const masks = run.bound?.cells;
    if (masks === undefined) {
      // Without a plan there is nothing to bind; with one, a row without a description cannot be masked.
      if (this.#c.gate.masker.plan !== null) return this.#c.fatal('unmaskable', 'the target sent rows without describing them');
      return this.#pass(bytes, start, end);
    }
    if (run.clear) return this.#pass(bytes, start, end);
    const masked = maskRow(bytes, start, end, masks);
    if (masked === null) this.#pass(bytes, start, end);
    else this.#passage.insert(masked);
  }

  #copyRow(run: CommandRun, bytes: Buffer, start: number, end: number): void {
    if (!this.#count(run, end - start)) return;
    const masked = this.#copy?.row(bytes, start, end) ?? null;
    if (masked === null) this.#pass(bytes, start, end);
    else this.#passage.insert(masked);
  }

  /** Counts a row; at a limit, the target is told to stop and the rest is dropped. */
  #count(run: CommandRun, size: number): boolean {
    const before = run.cut;
    if (run.count(size)) return true;
    if (before === null) this.#c.cancelUpstream();
    return false;
  }

  /** From here on the client's data goes on. Syncs that came behind are passed over by the server. */
  #copyIn(run: CommandRun): void {
    const c = this.#c;
    c.copies.delete(run);
    c.copyingIn = true;
    if (c.ops.first?.kind === 'execute') c.ops.dropSyncsBehindFirst();
    c.wake();
  }

  #done(run: CommandRun, rows: number | null, bytes: Buffer, start: number, end: number): void {
    const cut = run.cut !== null;
    this.#over(run, cut ? 'cut' : 'ok', null, rows);
    if (cut) this.#sayCut(run);
    else this.#pass(bytes, start, end);
  }

  #sayCut(run: CommandRun): void {
    const { maxRows, maxBytes } = run.permit.obligations;
    const limit = run.cut === 'rows' ? `${maxRows} rows` : `${maxBytes} bytes`;
    this.#passage.insert(errorFor(refusal('limit', `the result was cut off: policy allows ${limit}`, run.permit.command, { hint: 'ask for less, or for a higher limit' })));
  }

  #over(run: CommandRun, status: 'ok' | 'failed' | 'cut' | 'cancelled', error: string | null, rows: number | null): void {
    const { scope, registry } = this.#c;
    const { statement } = run;
    const { control, means } = statement;
    if (changesNames(statement)) scope.spoilCatalogue();
    else if (movesNames(statement)) scope.spoilPath();
    if (means.reading === 'opaque') registry.deallocate(null);
    // Code that is not seen may have closed a portal or cursor and opened another of that name, with other columns behind it.
    if (means.reading === 'opaque' || (means.reading === 'partial' && this.#c.gate.masker.plan !== null)) registry.closePortals(run.mark);
    if (error === null && control.prepare !== null) registry.prepare(control.prepare.name, statement.text);
    if (error === null && control.declareCursor !== null) registry.declare(control.declareCursor.name, control.declareCursor.means);
    run.settle(status, error, rows);
  }

  #error(op: Op | undefined, bytes: Buffer, start: number, end: number): void {
    const c = this.#c;
    c.copyingIn = false;
    this.#copy = null;
    const fields = readErrorFields(bytes, start, end);
    const severity = fields.get('V') ?? fields.get('S');
    // The server's own last words: it closes the connection next. They may come when nothing was asked.
    if (severity === 'FATAL' || severity === 'PANIC') {
      c.farewell = true;
      const running = this.#running(op);
      if (running !== undefined) this.#over(running, 'failed', fields.get('C') ?? 'XX000', null);
      return this.#relayError(fields, bytes, start, end);
    }
    if (op === undefined) return this.#outOfStep(0x45);
    this.#failed(op, fields, bytes, start, end);
    c.wake();
  }

  #failed(op: Op, fields: ReadonlyMap<string, string>, bytes: Buffer, start: number, end: number): void {
    const code = fields.get('C') ?? 'XX000';
    switch (op.kind) {
      case 'own':
        op.failed = code;
        return;
      case 'refused':
        op.said = true;
        this.#passage.insert(op.sqlstate === null ? errorFor(op.refusal) : errorFor(op.refusal, op.sqlstate));
        if (!op.simple) this.#skip();
        return;
      case 'query': {
        const run = op.runs[op.at];
        op.failed = true;
        this.#fail(run, code, fields, bytes, start, end);
        return;
      }
      case 'execute':
        this.#fail(op.run, code, fields, bytes, start, end);
        return this.#skip();
      case 'sync':
        // An error of Sync itself (a deferred constraint at commit): its ReadyForQuery follows.
        return this.#relayError(fields, bytes, start, end);
      default:
        this.#relayError(fields, bytes, start, end);
        return this.#skip();
    }
  }

  #fail(run: CommandRun | undefined, code: string, fields: ReadonlyMap<string, string>, bytes: Buffer, start: number, end: number): void {
    if (run === undefined) return this.#relayError(fields, bytes, start, end);
    this.#position = run.permit.position;
    const cut = run.cut !== null;
    this.#over(run, code === '57014' ? 'cancelled' : 'failed', code, null);
    if (cut) this.#sayCut(run);
    else this.#relayError(fields, bytes, start, end);
  }

  /** Messages of the target can quote values: on targets with a plan, the text is scrubbed and what quotes rows is left out. */
  #relayError(fields: ReadonlyMap<string, string>, bytes: Buffer, start: number, end: number): void {
    const masker = this.#c.gate.masker;
    if (masker.plan === null) return this.#pass(bytes, start, end);
    this.#passage.insert(writeErrorFields('E', scrubFields(fields, (text) => masker.scrub(text))));
  }

  /** The server drops what follows until Sync; so do we, and take back what those frames had assumed. */
  #skip(): void {
    const c = this.#c;
    discard(c.ops.discardToSync());
    if (c.ops.first === undefined) c.skipping = true;
  }

  /** A cut result in the extended protocol ended without an error at the server: what was pipelined behind it has run there. */
  #afterCut(): void {
    const c = this.#c;
    const next = c.ops.first;
    if (next === undefined) c.skipping = true;
    else if (next.kind !== 'sync') c.fatal('limit', 'the result was cut off at its limit, with further commands behind it');
  }

  #describe(op: Extract<Op, { kind: 'describe' }>, type: number, bytes: Buffer, start: number, end: number): void {
    if (type === 0x74 && op.portal === null) return this.#pass(bytes, start, end); // ParameterDescription comes before
    if (type !== 0x54 && type !== 0x6e) return this.#outOfStep(type);
    if (op.portal !== null) op.portal.columns = type === 0x54 ? readRowDescription(bytes, start, end) : [];
    if (!op.hidden) this.#pass(bytes, start, end);
    this.#c.ops.shift();
  }

  #bind(run: CommandRun, bytes: Buffer, start: number, end: number): void {
    if (this.#c.gate.masker.plan !== null) this.#mask(run, readRowDescription(bytes, start, end));
  }

  #mask(run: CommandRun, columns: readonly ResultColumn[]): void {
    run.bind(this.#c.gate.masker, columnRefs(columns, this.#c.scope.catalogue, run.statement.means.outputs));
    this.#tell(run);
  }

  /** Once a session, the client is told that it does not see everything. */
  #tell(run: CommandRun): void {
    if (this.#told || run.bound?.ruled !== true) return;
    this.#told = true;
    this.#c.notice('some values in the results of this session are masked', 'the columns are classified as sensitive; policy can permit seeing them (unmask)');
  }

  #own(op: Extract<Op, { kind: 'own' }>, type: number, bytes: Buffer, start: number, end: number): void {
    if (type === 0x44) op.rows.push(readDataRow(bytes, start, end));
    if (type !== 0x5a) return;
    this.#c.status = readReadyForQuery(bytes, start, end);
    this.#c.ops.shift();
    op.done(op.failed);
  }

  #expect(type: number, wanted: number, bytes: Buffer, start: number, end: number): void {
    if (type !== wanted) return this.#outOfStep(type);
    this.#pass(bytes, start, end);
    this.#c.ops.shift();
  }

  #ready(mark: number, bytes: Buffer, start: number, end: number): void {
    const c = this.#c;
    c.status = readReadyForQuery(bytes, start, end);
    if (c.status === 'I') c.scope.ended();
    // The portals of a failed transaction are gone; so are some of one that goes on after ROLLBACK TO, and which is not known.
    if (c.status !== 'T') c.registry.closePortals(mark);
    c.ops.shift();
    this.#pass(bytes, start, end);
  }

  #pass(bytes: Buffer, start: number, end: number): void {
    this.#passage.pass(bytes, start - 5, end);
  }

  #outOfStep(type: number): void {
    this.#c.fatal('internal', `the target sent message 0x${type.toString(16)} where it does not belong`);
  }
}
