import { id, refusal, Sealed, uuidv7, type Command, type CommandId, type Refusal } from '@sallyport/domain-model';
import type { Permit } from '@sallyport/protocol-spi';
import { readBind } from '../messages/bind.ts';
import { readClose } from '../messages/close.ts';
import { readDescribe, writeDescribe } from '../messages/describe.ts';
import { readExecute } from '../messages/execute.ts';
import { readParse, writeParse } from '../messages/parse.ts';
import { readQuery, writeQuery } from '../messages/query.ts';
import { syntaxError } from '../refuse.ts';
import { isUnreadable, type Statement, type StatementSet, type Unreadable } from '../sql/index.ts';
import { OwnQueryError } from './catalogue-cache.ts';
import type { Conversation } from './conversation.ts';
import { cancelled, changedSinceBind, full, isTaken, queryCanceled, states, unknownName, unsupported } from './own-refusals.ts';
import { Passage } from './passage.ts';
import { CommandRun } from './run.ts';
import type { Portal, Prepared } from './registry.ts';
import { movesNames, namesThings, type Within } from './scope.ts';

const marker = 'sallyport: refused';

/**
 * The client's frames, in order: each is decided, relayed or refused. A refused frame is replaced by one that the server must
 * answer with an error, so that transaction state and pipelining end up exactly as after an error of the server's own.
 */
export class Front {
  readonly #c: Conversation;
  readonly #passage = new Passage();
  #wait = new AbortController();
  #cancelled = false;

  constructor(conversation: Conversation) {
    this.#c = conversation;
  }

  /** Bytes for the server collected so far. */
  take(): Buffer | null {
    return this.#passage.take();
  }

  /** The client has cancelled while a command waits for its evidence, or for names: it will not run. */
  cancelWaiting(): void {
    this.#cancelled = true;
  }

  /** The client has cancelled or is gone: whatever waits for people is withdrawn. */
  giveUp(): void {
    this.#wait.abort();
    this.#wait = new AbortController();
  }

  /** Handles one frame: body in [start, end). A promise means that later frames have to wait for it. */
  frame(type: number, bytes: Buffer, start: number, end: number): void | Promise<void> {
    const c = this.#c;
    if (c.copyingIn) return this.#copying(type, bytes, start, end);
    // What follows a COPY FROM STDIN depends on whether the server takes its data: nothing is sent before it has said so.
    if (this.#copyDue()) return this.#later(c.turn(), type, bytes, start, end);
    if (c.skipping && type !== 0x53 && type !== 0x58) return;
    switch (type) {
      case 0x51: // Q
        return this.#query(bytes, start, end);
      case 0x50: // P
        return this.#parse(bytes, start, end);
      case 0x42: // B
        return this.#bind(bytes, start, end);
      case 0x45: // E
        return this.#execute(bytes, start, end);
      case 0x44: // D
        return this.#describe(bytes, start, end);
      case 0x43: // C
        return this.#close(bytes, start, end);
      case 0x53: // S
        c.skipping = false;
        c.batch = false;
        this.#cancelled = false;
        c.ops.push({ kind: 'sync', mark: c.registry.mark });
        return this.#passage.pass(bytes, start - 5, end);
      case 0x48: // H: Flush
        return this.#passage.pass(bytes, start - 5, end);
      case 0x64: // d
      case 0x63: // c
      case 0x66: // f
        // Outside of a COPY the server drops these too: a client may still be sending when its COPY has failed.
        return;
      case 0x58: // X: Terminate
        return this.#terminate(bytes, start, end);
      case 0x46: // F
        return this.#refuse(refusal('unreadable', 'function calls outside of SQL are not supported', uuidv7(), { hint: 'use SELECT or CALL' }), 'simple', 'FunctionCall');
      default:
        return c.fatal('unreadable', `message type 0x${type.toString(16)} is not supported`);
    }
  }

  /** True while a COPY FROM STDIN was sent that has neither begun nor ended. */
  #copyDue(): boolean {
    const { copies } = this.#c;
    if (copies.size === 0) return false;
    for (const run of copies) if (run.over) copies.delete(run);
    return copies.size > 0;
  }

  /** While the server takes COPY data it passes over Flush and Sync; any other message makes it end the connection, and so do we. */
  #copying(type: number, bytes: Buffer, start: number, end: number): void {
    const c = this.#c;
    switch (type) {
      case 0x64: // d
        return this.#passage.pass(bytes, start - 5, end);
      case 0x63: // c
      case 0x66: // f
        c.copyingIn = false;
        return this.#passage.pass(bytes, start - 5, end);
      case 0x48: // H
      case 0x53: // S
        return;
      case 0x58: // X
        return this.#terminate(bytes, start, end);
      default:
        return c.fatal('unreadable', `message type 0x${type.toString(16)} came within COPY FROM STDIN`);
    }
  }

  #terminate(bytes: Buffer, start: number, end: number): void {
    this.#passage.pass(bytes, start - 5, end);
    this.#send();
    this.#c.goodbye();
  }

  /** The same frame again when `turn` has come. */
  #later(turn: Promise<void>, type: number, bytes: Buffer, start: number, end: number): Promise<void> {
    const frame = Buffer.from(bytes.subarray(start - 5, end));
    this.#send();
    return turn.then(() => (this.#c.over ? undefined : this.frame(type, frame, 5, frame.length)));
  }

  /** A text as its names mean now. A promise: the server has to be asked first, then this frame comes again. */
  #read(text: string, how: 'simple' | 'batch'): StatementSet | Unreadable | Promise<void> {
    const c = this.#c;
    const read = c.reader.read(text, c.scope.names());
    if (isUnreadable(read)) return read;
    const refreshed = this.#refresh(read, how);
    if (refreshed !== null) return refreshed;
    if (read.length < 2) return read;
    // A text that moves its own names (SET search_path; SELECT …) is read as if nothing were known of them.
    const moves = read.slice(0, -1).some((one) => movesNames(one) || (one.control.transaction !== null && c.scope.moved));
    return moves ? c.reader.read(text, c.scope.unknown()) : read;
  }

  /**
   * Where names may have changed, the server is asked what they mean now; null where that is not needed or cannot be. Only between
   * batches and not in a failed transaction: then unqualified names resolve to nothing, and policy refuses what it cannot name.
   */
  #refresh(read: StatementSet, how: 'simple' | 'batch'): Promise<void> | null {
    const c = this.#c;
    const within: Within = c.status === 'I' && c.ops.size === 0 ? 'none' : 'transaction';
    if (c.scope.fresh(within) || c.batch || this.#asked) return null;
    // What begins a batch may be BEGIN, with the names behind it, where nothing can be asked any more.
    if (!namesThings(read) && (how === 'simple' || within === 'transaction')) return null;
    if (c.ops.size > 0) return c.turn();
    if (c.status === 'E') return null;
    this.#send();
    // After a failure the frame goes on with a stale scope, once; it must not ask for ever.
    return c.scope.refresh((text) => this.own(text), within).then(
      () => undefined,
      () => {
        this.#asked = true;
      },
    );
  }

  #asked = false;

  /** Runs a text of our own on the session's server connection. Only when nothing of the client's is under way. */
  own(text: string): Promise<(string | null)[][]> {
    return new Promise((resolve, reject) => {
      if (this.#c.over) return reject(new Error('the session is over'));
      const rows: (string | null)[][] = [];
      this.#c.ops.push({ kind: 'own', rows, failed: null, done: (error) => (error === null ? resolve(rows) : reject(new OwnQueryError(error))) });
      this.#c.sendUpstream(writeQuery(text));
    });
  }

  #query(bytes: Buffer, start: number, end: number): void | Promise<void> {
    const read = this.#read(readQuery(bytes, start, end), 'simple');
    if (read instanceof Promise) return this.#later(read, 0x51, bytes, start, end);
    this.#asked = false;
    if (isUnreadable(read)) return this.#unreadable(read, 'simple', 'Query');
    return this.#permits(read, 0, [], bytes, start - 5, end);
  }

  /** Asks leave for each statement in turn; the text goes on when all of them have it. */
  #permits(statements: readonly Statement[], from: number, runs: CommandRun[], bytes: Buffer, start: number, end: number): void | Promise<void> {
    const c = this.#c;
    for (let i = from; i < statements.length; i++) {
      const statement = statements[i];
      if (statement === undefined) continue;
      const answer = this.#submit(statement, null, none);
      if (answer instanceof Promise) {
        const frame = Buffer.from(bytes.subarray(start, end));
        this.#send();
        return answer.then((said) => (this.#granted(said, statement, runs) ? this.#permits(statements, i + 1, runs, frame, 0, frame.length) : undefined));
      }
      if (!this.#granted(answer, statement, runs)) return;
    }
    if (this.#cancelled) {
      for (const run of runs) run.settle('cancelled', queryCanceled);
      return this.#refuse(cancelled(), 'simple', 'Query', queryCanceled);
    }
    for (const run of runs) this.#spend(run);
    c.batch = false;
    c.ops.push({ kind: 'query', runs, mark: c.registry.mark, at: 0, failed: false });
    this.#passage.pass(bytes, start, end);
  }

  /** False when the text does not go on; then every permit that it has already is given back. */
  #granted(answer: Permit | Refusal, statement: Statement, runs: CommandRun[]): boolean {
    const c = this.#c;
    if (answer.kind === 'permit') runs.push(new CommandRun(answer, statement));
    // While it waited, the session may have ended, or the batch that it belongs to may have failed.
    if (answer.kind === 'permit' && !c.over && !c.skipping) return true;
    for (const run of runs) run.settle('unsent', null);
    if (answer.kind === 'refusal' && !c.over && !c.skipping) this.#refuse(answer, 'simple', null);
    return false;
  }

  #submit(statement: Statement, parameters: Sealed<Uint8Array> | null, types: readonly number[]): Permit | Refusal | Promise<Permit | Refusal> {
    const c = this.#c;
    const no = unsupported(statement, c);
    if (no !== null) {
      c.gate.refused(no, statement.means.facts.kind);
      return no;
    }
    return c.gate.submit(command(statement, parameters, types), {
      signal: this.#wait.signal,
      onHold: (hold) => c.notice(`approval ${hold.approval} is needed: ${hold.say}`, `waiting until ${hold.expires}; approve or reject at ${hold.url}`),
    });
  }

  /** A permitted command is about to go upstream. */
  #spend(run: CommandRun): void {
    const c = this.#c;
    const { control } = run.statement;
    run.permit.spend();
    run.mark = c.registry.mark;
    c.runs++;
    if (movesNames(run.statement)) c.scope.spoilPath();
    if (control.deallocate !== null) c.registry.deallocate(control.deallocate.name);
    if (control.closeCursor !== null) c.registry.closeCursor(control.closeCursor.cursor);
    if (control.copy?.direction === 'in') c.copies.add(run);
  }

  #parse(bytes: Buffer, start: number, end: number): void | Promise<void> {
    const c = this.#c;
    const { name, text, parameterTypes: types } = readParse(bytes, start, end);
    const names = c.scope.names();
    const read = this.#read(text, 'batch');
    if (read instanceof Promise) return this.#later(read, 0x50, bytes, start, end);
    this.#asked = false;
    if (isUnreadable(read)) return this.#unreadable(read, 'batch', 'Parse');
    if (read.length > 1) return this.#refuse(refusal('unreadable', 'a prepared statement holds one command only', uuidv7()), 'batch', 'Parse', syntaxError);
    if (name !== '' && c.registry.preparedText(name) !== undefined) {
      return this.#refuse(isTaken(), 'batch', 'Parse', states.duplicateStatement);
    }
    if (c.registry.full) return this.#refuse(full(), 'batch', 'Parse');
    const statement = read[0] ?? null;
    if (statement !== null) {
      const no = c.gate.preview(command(statement, null, none));
      if (no !== null) return this.#refuse(no, 'batch', null);
    }
    c.ops.push({ kind: 'parse', undo: c.registry.setStatement(name, { text, types, statement, names }) });
    this.#relay(bytes, start, end);
  }

  #bind(bytes: Buffer, start: number, end: number): void | Promise<void> {
    const c = this.#c;
    const bind = readBind(bytes, start, end);
    const prepared = c.registry.statement(bind.statement);
    if (prepared === undefined) return this.#refuse(unknownName('prepared statement'), 'batch', 'Bind', states.unknownStatement);
    if (c.registry.full) return this.#refuse(full(), 'batch', 'Bind');
    const now = this.#current(prepared);
    if (now instanceof Promise) return this.#later(now, 0x42, bytes, start, end);
    this.#asked = false;
    if ('code' in now) return this.#unreadable(now, 'batch', 'Bind');
    const parameters = bind.parameterCount > 0 ? new Sealed<Uint8Array>(Buffer.from(bytes.subarray(bind.parametersStart, bind.parametersEnd))) : null;
    const portal: Portal = { serial: c.registry.nextSerial(), prepared: now, rests: now.statement === null ? null : c.registry.rests(now.statement.control), parameters, columns: null, describedAt: -1, rows: 0, bytes: 0 };
    c.ops.push({ kind: 'bind', undo: c.registry.setPortal(bind.portal, portal) });
    this.#relay(bytes, start, end);
  }

  /** What a statement means can change after Parse (search path, catalogue): the server looks names up again, and so do we. */
  #current(prepared: Prepared): Prepared | Unreadable | Promise<void> {
    const c = this.#c;
    if (prepared.statement === null) return prepared;
    if (!dependsOnSession(prepared.statement) && prepared.names === c.scope.names() && c.scope.fresh('transaction')) return prepared;
    const read = this.#read(prepared.text, 'batch');
    if (read instanceof Promise || isUnreadable(read)) return read;
    return { text: prepared.text, types: prepared.types, statement: read[0] ?? null, names: c.scope.names() };
  }

  #execute(bytes: Buffer, start: number, end: number): void | Promise<void> {
    const c = this.#c;
    const { portal: name } = readExecute(bytes, start, end);
    const portal = c.registry.portal(name);
    if (portal === undefined) return this.#refuse(unknownName('portal'), 'batch', 'Execute', states.unknownPortal);
    const { statement } = portal.prepared;
    if (statement === null) {
      c.ops.push({ kind: 'execute-empty' });
      return this.#relay(bytes, start, end);
    }
    if (dependsOnSession(statement) && (portal.rests !== c.registry.rests(statement.control) || portal.prepared.names !== c.scope.names())) {
      return this.#refuse(changedSinceBind(), 'batch', 'Execute', states.unknownPortal);
    }
    const answer = this.#submit(statement, portal.parameters, portal.prepared.types);
    if (!(answer instanceof Promise)) return this.#run(answer, statement, portal, name, bytes, start, end);
    const frame = Buffer.from(bytes.subarray(start - 5, end));
    this.#send();
    return answer.then((said) => this.#run(said, statement, portal, name, frame, 5, frame.length));
  }

  #run(said: Permit | Refusal, statement: Statement, portal: Portal, name: string, bytes: Buffer, start: number, end: number): void {
    const c = this.#c;
    const gone = c.over || c.skipping;
    if (said.kind === 'refusal') return gone ? undefined : this.#refuse(said, 'batch', null);
    const run = new CommandRun(said, statement, portal);
    if (gone) return run.settle('unsent', null);
    if (this.#cancelled) {
      run.settle('cancelled', queryCanceled);
      return this.#refuse(cancelled(), 'batch', 'Execute', queryCanceled);
    }
    // Masks are bound to what the server says of this portal now: between then and the rows, nothing else may run.
    if (c.gate.masker.plan !== null && portal.describedAt !== c.runs) {
      portal.describedAt = c.runs;
      this.#passage.insert(writeDescribe('P', name));
      c.ops.push({ kind: 'describe', portal, hidden: true });
    }
    this.#spend(run);
    c.ops.push({ kind: 'execute', run, portal });
    this.#relay(bytes, start, end);
  }

  #describe(bytes: Buffer, start: number, end: number): void {
    const c = this.#c;
    const { what, name } = readDescribe(bytes, start, end);
    const portal = what === 'P' ? c.registry.portal(name) : null;
    if (portal === undefined) return this.#refuse(unknownName('portal'), 'batch', 'Describe', states.unknownPortal);
    if (portal === null && c.registry.statement(name) === undefined) return this.#refuse(unknownName('prepared statement'), 'batch', 'Describe', states.unknownStatement);
    if (portal !== null) portal.describedAt = c.runs;
    c.ops.push({ kind: 'describe', portal, hidden: false });
    this.#relay(bytes, start, end);
  }

  #close(bytes: Buffer, start: number, end: number): void {
    const c = this.#c;
    const { what, name } = readClose(bytes, start, end);
    c.ops.push({ kind: 'close', undo: what === 'P' ? c.registry.closePortal(name) : c.registry.closeStatement(name) });
    this.#relay(bytes, start, end);
  }

  /** A frame of the extended protocol goes on as it is. */
  #relay(bytes: Buffer, start: number, end: number): void {
    this.#c.batch = true;
    this.#passage.pass(bytes, start - 5, end);
  }

  #unreadable(read: Unreadable, how: 'simple' | 'batch', what: string): void {
    const said = refusal(read.code, read.say, uuidv7(), { hint: 'nothing was sent to the target' });
    this.#refuse(said, how, what, read.code === 'unreadable' ? syntaxError : null);
  }

  /**
   * @param how `simple`: the frame would have been answered up to ReadyForQuery; `batch`: the next Sync will be
   * @param what null when the gate has recorded the refusal already
   */
  #refuse(said: Refusal, how: 'simple' | 'batch', what: string | null, sqlstate: string | null = null): void {
    const c = this.#c;
    const simple = how === 'simple';
    if (what !== null) c.gate.refused(said, what);
    c.skipping = !simple;
    c.batch = !simple;
    this.#cancelled = false;
    c.ops.push({ kind: 'refused', refusal: said, sqlstate, simple, mark: c.registry.mark, said: false });
    this.#passage.insert(simple ? writeQuery(`${marker} ${said.requestId}`) : writeParse('sallyport_refused', `${marker} ${said.requestId}`));
  }

  #send(): void {
    const bytes = this.#passage.take();
    if (bytes !== null) this.#c.sendUpstream(bytes);
  }
}

const none: readonly number[] = [];

function command(statement: Statement, parameters: Sealed<Uint8Array> | null, types: readonly number[]): Command {
  return { id: id<CommandId>(uuidv7()), means: statement.means, text: new Sealed(statement.text), parameters, parameterTypes: types };
}

/** EXECUTE and FETCH mean what a name of the session means when they run. */
function dependsOnSession({ control }: Statement): boolean {
  return control.execute !== null || control.fetch !== null;
}
