import { id, refusal, Sealed, uuidv7, type Command, type CommandId, type Refusal } from '@sallyport/domain-model';
import type { Permit } from '@sallyport/protocol-spi';
import { readBind } from '../messages/bind.ts';
import { readClose } from '../messages/close.ts';
import { readDescribe, writeDescribe } from '../messages/describe.ts';
import { readExecute } from '../messages/execute.ts';
import { readParse, writeParse } from '../messages/parse.ts';
import { readQuery, writeQuery } from '../messages/query.ts';
import type { Statement } from '../sql/index.ts';
import type { Conversation } from './conversation.ts';
import { Passage } from './passage.ts';
import { CommandRun } from './run.ts';
import type { Prepared } from './registry.ts';

const marker = 'sallyport: refused';

/**
 * The client's frames, in order: each is decided, relayed or refused. A refused frame is replaced by one that the server must
 * answer with an error, so that transaction state and pipelining end up exactly as after an error of the server's own.
 */
export class Front {
  readonly #c: Conversation;
  readonly #passage = new Passage();
  /** Aborts a wait for approval when the client cancels or goes away. */
  cancelWait: AbortController | null = null;

  constructor(conversation: Conversation) {
    this.#c = conversation;
  }

  /** Bytes for the server collected so far. */
  take(): Buffer | null {
    return this.#passage.take();
  }

  /** Handles one frame: body in [start, end). A promise means that later frames have to wait for it. */
  frame(type: number, bytes: Buffer, start: number, end: number): void | Promise<void> {
    const c = this.#c;
    if (c.skipping && type !== 0x53 && type !== 0x58 && type !== 0x64 && type !== 0x63 && type !== 0x66) return;
    switch (type) {
      case 0x51: // Q
        return this.#fresh(bytes, start, end, this.#query);
      case 0x50: // P
        return this.#fresh(bytes, start, end, this.#parse);
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
        c.ops.push({ kind: 'sync' });
        return this.#passage.pass(bytes, start - 5, end);
      case 0x48: // H: Flush
        return this.#passage.pass(bytes, start - 5, end);
      case 0x64: // d
      case 0x63: // c
      case 0x66: // f
        // Outside of a COPY the server drops these too: a client may still be sending when its COPY has failed.
        if (c.copyingIn) this.#passage.pass(bytes, start - 5, end);
        if (type !== 0x64) c.copyingIn = false;
        return;
      case 0x58: // X: Terminate
        this.#passage.pass(bytes, start - 5, end);
        this.#send();
        return c.goodbye();
      case 0x46: // F
        return this.#refuse(refusal('unreadable', 'function calls outside of SQL are not supported', uuidv7(), { hint: 'use SELECT or CALL' }), true, 'FunctionCall');
      default:
        return c.fatal('unreadable', `message type 0x${type.toString(16)} is not supported`);
    }
  }

  /** Runs `next` with a fresh scope; where names may have changed and nothing is under way, asks the server first. */
  #fresh(bytes: Buffer, start: number, end: number, next: (bytes: Buffer, start: number, end: number) => void | Promise<void>): void | Promise<void> {
    const c = this.#c;
    if (c.scope.fresh || c.ops.size > 0 || c.status === 'E') return next(bytes, start, end);
    const frame = Buffer.from(bytes.subarray(start - 5, end));
    this.#send();
    return c.scope.refresh((text) => this.own(text)).then(
      () => next(frame, 5, frame.length),
      // Safe: with a stale scope, unqualified names resolve to nothing and policy refuses what it cannot name.
      () => next(frame, 5, frame.length),
    );
  }

  /** Runs a text of our own on the session's server connection. Only when nothing of the client's is under way. */
  own(text: string): Promise<(string | null)[][]> {
    return new Promise((resolve, reject) => {
      const rows: (string | null)[][] = [];
      this.#c.ops.push({ kind: 'own', rows, failed: null, done: (error) => (error === null ? resolve(rows) : reject(new Error(`own query failed: ${error}`))) });
      this.#c.sendUpstream(writeQuery(text));
    });
  }

  #query = (bytes: Buffer, start: number, end: number): void | Promise<void> => {
    const c = this.#c;
    const text = readQuery(bytes, start, end);
    let read = c.reader.read(text, c.scope.names());
    // A text that moves its own names (SET search_path; SELECT …) is read as if nothing were known of them.
    if (!('code' in read) && read.slice(0, -1).some(movesNames)) read = c.reader.read(text, c.scope.unknown());
    if ('code' in read) return this.#refuse(refusal(read.code, read.say, uuidv7(), { hint: 'nothing was sent to the target' }), true, 'Query');
    return this.#permits(read, 0, [], bytes, start - 5, end);
  };

  /** Asks leave for each statement in turn; the text goes on when all of them have it. */
  #permits(statements: readonly Statement[], from: number, runs: CommandRun[], bytes: Buffer, start: number, end: number): void | Promise<void> {
    for (let i = from; i < statements.length; i++) {
      const statement = statements[i];
      if (statement === undefined) continue;
      const answer = this.#submit(statement, null);
      if (answer instanceof Promise) {
        const frame = Buffer.from(bytes.subarray(start, end));
        this.#send();
        return answer.then((said) => (this.#granted(said, statement, runs) ? this.#permits(statements, i + 1, runs, frame, 0, frame.length) : undefined));
      }
      if (!this.#granted(answer, statement, runs)) return;
    }
    for (const run of runs) {
      run.permit.spend();
      if (movesNames(run.statement)) this.#c.scope.spoilPath();
    }
    this.#c.ops.push({ kind: 'query', runs, at: 0, failed: false });
    this.#passage.pass(bytes, start, end);
  }

  #granted(answer: Permit | Refusal, statement: Statement, runs: CommandRun[]): boolean {
    if (answer.kind === 'permit') {
      runs.push(new CommandRun(answer, statement));
      return true;
    }
    for (const run of runs) run.settle('unsent', null);
    this.#refuse(answer, true, null);
    return false;
  }

  #submit(statement: Statement, parameters: Sealed<Uint8Array> | null): Permit | Refusal | Promise<Permit | Refusal> {
    const c = this.#c;
    if (statement.control.copy?.direction === 'out' && statement.control.copy.format === 'binary' && c.gate.masker.plan !== null) {
      const no = refusal('unmaskable', 'COPY … TO STDOUT in binary format cannot be masked', uuidv7(), { hint: 'use the text or csv format' });
      c.gate.refused(no, 'COPY');
      return no;
    }
    this.cancelWait = new AbortController();
    return c.gate.submit(command(statement, parameters), {
      signal: this.cancelWait.signal,
      onHold: (hold) => c.notice(`approval ${hold.approval} is needed: ${hold.say}`, `waiting until ${hold.expires}; approve or reject at ${hold.url}`),
    });
  }

  #parse = (bytes: Buffer, start: number, end: number): void => {
    const c = this.#c;
    const { name, text } = readParse(bytes, start, end);
    const read = c.reader.read(text, c.scope.names());
    if ('code' in read) return this.#refuse(refusal(read.code, read.say, uuidv7(), { hint: 'nothing was sent to the target' }), false, 'Parse');
    if (read.length > 1) return this.#refuse(refusal('unreadable', 'a prepared statement holds one command only', uuidv7()), false, 'Parse');
    if (name !== '' && c.registry.statement(name) !== undefined) return this.#refuse(refusal('unreadable', 'a prepared statement of this name exists', uuidv7(), { hint: 'close it first' }), false, 'Parse');
    if (c.registry.full) return this.#refuse(refusal('too-large', 'too many prepared statements or portals', uuidv7()), false, 'Parse');
    const statement = read[0] ?? null;
    if (statement !== null) {
      const no = c.gate.preview(command(statement, null));
      if (no !== null) return this.#refuse(no, false, null);
    }
    c.ops.push({ kind: 'parse', undo: c.registry.setStatement(name, { text, statement }) });
    this.#passage.pass(bytes, start - 5, end);
  };

  #bind(bytes: Buffer, start: number, end: number): void {
    const c = this.#c;
    const bind = readBind(bytes, start, end);
    const prepared = c.registry.statement(bind.statement);
    if (prepared === undefined) return this.#refuse(unknownName('prepared statement'), false, 'Bind');
    const parameters = bind.parameterCount > 0 ? new Sealed<Uint8Array>(Buffer.from(bytes.subarray(bind.parametersStart, bind.parametersEnd))) : null;
    c.ops.push({ kind: 'bind', undo: c.registry.setPortal(bind.portal, { prepared: this.#current(prepared), parameters, columns: null, described: false }) });
    this.#passage.pass(bytes, start - 5, end);
  }

  /** What a statement means can change after Parse (search path, catalogue): the server looks names up again, and so do we. */
  #current(prepared: Prepared): Prepared {
    if (prepared.statement === null) return prepared;
    const read = this.#c.reader.read(prepared.text, this.#c.scope.names());
    return { text: prepared.text, statement: 'code' in read ? prepared.statement : (read[0] ?? prepared.statement) };
  }

  #execute(bytes: Buffer, start: number, end: number): void | Promise<void> {
    const c = this.#c;
    const { portal: name } = readExecute(bytes, start, end);
    const portal = c.registry.portal(name);
    if (portal === undefined) return this.#refuse(unknownName('portal'), false, 'Execute');
    const statement = portal.prepared.statement;
    if (statement === null) {
      c.ops.push({ kind: 'execute-empty' });
      return this.#passage.pass(bytes, start - 5, end);
    }
    const answer = this.#submit(statement, portal.parameters);
    const forward = (said: Permit | Refusal, frame: Buffer, from: number, to: number): void => {
      if (said.kind === 'refusal') return this.#refuse(said, false, null);
      if (c.gate.masker.plan !== null && !portal.described) {
        portal.described = true;
        this.#passage.insert(writeDescribe('P', name));
        c.ops.push({ kind: 'describe', portal, hidden: true });
      }
      said.spend();
      if (movesNames(statement)) c.scope.spoilPath();
      c.ops.push({ kind: 'execute', run: new CommandRun(said, statement), portal });
      this.#passage.pass(frame, from, to);
    };
    if (!(answer instanceof Promise)) return forward(answer, bytes, start - 5, end);
    const frame = Buffer.from(bytes.subarray(start - 5, end));
    this.#send();
    return answer.then((said) => forward(said, frame, 0, frame.length));
  }

  #describe(bytes: Buffer, start: number, end: number): void {
    const c = this.#c;
    const { what, name } = readDescribe(bytes, start, end);
    const portal = what === 'P' ? c.registry.portal(name) : null;
    if (portal === undefined || (what === 'S' && c.registry.statement(name) === undefined)) return this.#refuse(unknownName(what === 'P' ? 'portal' : 'prepared statement'), false, 'Describe');
    if (portal !== null) portal.described = true;
    c.ops.push({ kind: 'describe', portal, hidden: false });
    this.#passage.pass(bytes, start - 5, end);
  }

  #close(bytes: Buffer, start: number, end: number): void {
    const c = this.#c;
    const { what, name } = readClose(bytes, start, end);
    if (what === 'P') c.registry.closePortal(name);
    else c.registry.closeStatement(name);
    c.ops.push({ kind: 'close' });
    this.#passage.pass(bytes, start - 5, end);
  }

  /** `what` is null when the gate has recorded the refusal already. */
  #refuse(said: Refusal, simple: boolean, what: string | null): void {
    const c = this.#c;
    if (what !== null) c.gate.refused(said, what);
    if (!simple) c.skipping = true;
    c.ops.push({ kind: 'refused', refusal: said, simple, said: false });
    this.#passage.insert(simple ? writeQuery(`${marker} ${said.requestId}`) : writeParse('sallyport_refused', `${marker} ${said.requestId}`));
  }

  #send(): void {
    const bytes = this.#passage.take();
    if (bytes !== null) this.#c.sendUpstream(bytes);
  }
}

function command(statement: Statement, parameters: Sealed<Uint8Array> | null): Command {
  return { id: id<CommandId>(uuidv7()), means: statement.means, text: new Sealed(statement.text), parameters };
}

/** True when what names mean may be another after this statement. */
export function movesNames(statement: Statement): boolean {
  return statement.control.setsSearchPath || statement.control.changesCatalogue || statement.means.reading !== 'whole' || statement.control.transaction === 'rollback';
}

function unknownName(what: string): Refusal {
  return refusal('unreadable', `this ${what} is not known in this session`, uuidv7(), { hint: 'prepare it in this session first' });
}
