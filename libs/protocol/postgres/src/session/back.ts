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
import { movesNames } from './front.ts';
import type { Op } from './op.ts';
import { Passage } from './passage.ts';
import { maskRow } from './rows.ts';
import { scrubFields } from './scrub-fields.ts';
import type { CommandRun } from './run.ts';

/**
 * The server's frames, in order: each belongs to the first operation that waits for an answer. Whatever does not fit there
 * ends the session: two sides that disagree about what is being answered could show one command's rows as another's.
 */
export class Back {
  readonly #c: Conversation;
  readonly #passage = new Passage();
  #copy: CopyMasker | null = null;
  #told = false;
  #settingsMoved = false;
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
    if (type === 0x53 || type === 0x4e || type === 0x41) {
      const aside = asideFrame(type, bytes, start, end, c.gate.masker, c.ops.first?.kind === 'own');
      if (aside === 'pass') this.#pass(bytes, start, end);
      else if (aside !== 'drop') this.#passage.insert(aside);
      return;
    }
    const op = c.ops.first;
    if (op === undefined) return this.#outOfStep(type);
    if (type === 0x45) return this.#error(op, bytes, start, end);
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
        return this.#ready(bytes, start, end);
      case 'refused':
        if (type !== 0x5a || !op.simple || !op.said) return this.#outOfStep(type);
        return this.#ready(bytes, start, end);
      default:
        return this.#outOfStep(type);
    }
  }

  #query(op: Extract<Op, { kind: 'query' }>, type: number, bytes: Buffer, start: number, end: number): void {
    if (type === 0x5a) {
      for (const run of op.runs) run.settle(op.failed ? 'unsent' : 'ok', null);
      return this.#ready(bytes, start, end);
    }
    if (type === 0x49) return this.#pass(bytes, start, end);
    const run = op.runs[op.at];
    if (run === undefined || op.failed) return this.#outOfStep(type);
    this.#position = run.permit.position;
    if (type === 0x54) {
      this.#bind(run, bytes, start, end);
      return this.#pass(bytes, start, end);
    }
    if (!this.#result(run, type, bytes, start, end)) return;
    op.at++;
  }

  #execute(op: Extract<Op, { kind: 'execute' }>, type: number, bytes: Buffer, start: number, end: number): void {
    this.#position = op.run.permit.position;
    if (op.run.bound === null && type === 0x44 && op.portal.columns !== null) this.#mask(op.run, op.portal.columns);
    if (!this.#result(op.run, type, bytes, start, end)) return;
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
        return this.#complete(run, bytes, start, end);
      case 0x49: // EmptyQueryResponse
      case 0x73: // PortalSuspended
        this.#over(run, 'ok', null, null);
        this.#pass(bytes, start, end);
        return true;
      case 0x47: // CopyInResponse
        this.#c.copyingIn = true;
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
    if (masks.every((mask) => mask === null)) return this.#pass(bytes, start, end);
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

  #complete(run: CommandRun, bytes: Buffer, start: number, end: number): boolean {
    this.#copy = null;
    this.#c.copyingIn = false;
    if (run.cut !== null) {
      this.#sayCut(run);
      this.#over(run, 'cut', null, null);
      return true;
    }
    this.#over(run, 'ok', null, readCommandComplete(bytes, start, end).rows);
    this.#pass(bytes, start, end);
    return true;
  }

  #sayCut(run: CommandRun): void {
    const { maxRows, maxBytes } = run.permit.obligations;
    const limit = run.cut === 'rows' ? `${maxRows} rows` : `${maxBytes} bytes`;
    this.#passage.insert(errorFor(refusal('limit', `the result was cut off: policy allows ${limit}`, run.permit.command, { hint: 'ask for less, or for a higher limit' })));
  }

  #over(run: CommandRun, status: 'ok' | 'failed' | 'cut', error: string | null, rows: number | null): void {
    const { control, means } = run.statement;
    if (control.changesCatalogue || means.reading === 'opaque') this.#c.scope.spoilCatalogue();
    else if (movesNames(run.statement)) this.#c.scope.spoilPath();
    if (means.reading === 'opaque') this.#c.registry.closeAllStatements();
    else if (status === 'ok') this.#c.registry.follow(control);
    if (control.changesSettings) this.#settingsMoved = true;
    run.settle(status, error, rows);
  }

  #error(op: Op, bytes: Buffer, start: number, end: number): void {
    const c = this.#c;
    c.copyingIn = false;
    this.#copy = null;
    const fields = readErrorFields(bytes, start, end);
    const code = fields.get('C') ?? 'XX000';
    switch (op.kind) {
      case 'own':
        op.failed = code;
        return;
      case 'refused':
        op.said = true;
        this.#passage.insert(errorFor(op.refusal));
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
    this.#over(run, 'failed', code, null);
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
    this.#c.ops.shift();
    op.done(op.failed);
  }

  #expect(type: number, wanted: number, bytes: Buffer, start: number, end: number): void {
    if (type !== wanted) return this.#outOfStep(type);
    this.#pass(bytes, start, end);
    this.#c.ops.shift();
  }

  #ready(bytes: Buffer, start: number, end: number): void {
    const c = this.#c;
    c.status = readReadyForQuery(bytes, start, end);
    // SET LOCAL ends with its transaction, and SET with a rolled back one.
    if (c.status === 'I' && this.#settingsMoved) {
      this.#settingsMoved = false;
      c.scope.spoilPath();
    }
    if (c.status === 'I') c.registry.closeAllPortals();
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
