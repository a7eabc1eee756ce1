import { refusal, uuidv7, type Refusal, type Understanding, type Verb } from '@sallyport/domain-model';
import type { HoldNotice, Permit } from '@sallyport/protocol-spi';
import type { ServerChannel } from 'ssh2';
import { refusalText } from '../refuse.ts';
import { commandOf } from '../session/commands.ts';
import type { House } from '../session/house.ts';
import { ChannelWriter } from '../session/writer.ts';
import { FieldReader, string, uint32 } from '../wire/fields.ts';
import { fileMeans, fileText, flagWords, openVerbs, type Named } from './commands.ts';
import { SftpFrames } from './frames.ts';
import { OpenHandle } from './handle.ts';
import type { SftpTarget } from './target.ts';
import { answers, extensions, message, requests, statuses, statusMessage } from './wire.ts';

const maxHandles = 256;
/** Requests that may wait for their turn before the client is stopped. */
const maxQueued = 256;
/** Requests that may be on their way to the target. */
const maxOutstanding = 1024;
/** Bytes of answers that may wait for the client, or for their evidence, before the client's requests are. */
const maxAnswers = 4 * 1024 * 1024;

type Uses = readonly (readonly [verb: Verb, path: Named])[];

/**
 * SFTP as a server of its own towards the client: every request that names a path is a command; reads and writes belong to the command that opened their
 * file. Requests are taken in order: one that waits for people holds up those behind it.
 */
export class SftpRelay {
  readonly #house: House;
  readonly #channel: ServerChannel;
  readonly #target: SftpTarget;
  readonly #writer: ChannelWriter;
  readonly #gone = new AbortController();
  readonly #handles = new Map<string, OpenHandle>();
  readonly #queue: Buffer[] = [];
  #offered: ReadonlyMap<string, string>;
  #busy = false;
  #begun = false;
  /** Answers in the order in which they are to be given. */
  #order: Promise<void> = Promise.resolve();
  #answersWaiting = 0;

  constructor(house: House, channel: ServerChannel, target: SftpTarget, offered: ReadonlyMap<string, string>) {
    this.#house = house;
    this.#channel = channel;
    this.#target = target;
    this.#offered = new Map([...offered].filter(([name, version]) => extensions[name]?.version === version));
    this.#writer = new ChannelWriter(channel, house.socket, () => this.#flow());
    const frames = new SftpFrames();
    channel.on('data', (chunk: Buffer) => {
      try {
        frames.push(chunk, (frame) => this.#queue.push(frame));
      } catch {
        return this.fail('a message of SFTP cannot be read');
      }
      this.#flow();
      void this.#work();
    });
    channel.once('close', () => this.end());
  }

  /** The target has room again. */
  drained(): void {
    this.#flow();
    void this.#work();
  }

  /** Resolves when every answer that came has been given. */
  settled(): Promise<void> {
    return this.#order;
  }

  /** The channel is over, or has to be. Everything that is open is settled. */
  end(): void {
    if (this.#gone.signal.aborted) return;
    this.#gone.abort();
    this.#queue.length = 0;
    for (const handle of this.#handles.values()) handle.settle('lost', null);
    this.#handles.clear();
  }

  /** Something that no request can be: nothing of it goes on, and the channel ends. */
  fail(why: string): void {
    const said = refusal('unreadable', why, uuidv7());
    this.#house.session.gate.refused(said, 'sftp');
    this.#say(refusalText(said));
    this.end();
    this.#house.fail(why);
  }

  kill(said: Refusal): void {
    this.#say(refusalText(said));
    this.end();
  }

  #flow(): void {
    const full = this.#queue.length > maxQueued || this.#target.full || this.#target.outstanding > maxOutstanding || this.#writer.pending + this.#answersWaiting > maxAnswers;
    if (full) this.#channel.pause();
    else this.#channel.resume();
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let frame = this.#queue.shift(); frame !== undefined && !this.#gone.signal.aborted; frame = this.#queue.shift()) {
      try {
        const waits = this.#take(frame);
        if (waits !== null) await waits;
      } catch {
        this.fail('a message of SFTP cannot be read');
      }
      if (this.#queue.length === maxQueued) this.#flow();
    }
    this.#busy = false;
    this.#flow();
  }

  /** Null when nothing has to be waited for before the next request. */
  #take(frame: Buffer): Promise<void> | null {
    const fields = new FieldReader(frame.subarray(5));
    const type = frame[4] ?? 0;
    if (type === requests.init) return this.#hello(fields.uint32());
    const id = fields.uint32();
    switch (type) {
      case requests.read:
        return this.#read(frame, id, fields);
      case requests.write:
        return this.#write(frame, id, fields);
      case requests.close:
        return this.#close(frame, id, fields);
      case requests.fstat:
        return this.#onHandle(frame, id, fields);
      case requests.readdir:
        return this.#readdir(frame, id, fields);
      case requests.open: {
        const path = fields.text();
        const flags = fields.uint32();
        return this.#open(frame, id, 'sftp open', path, openVerbs(flags), flagWords(flags));
      }
      case requests.opendir:
        return this.#open(frame, id, 'sftp readdir', fields.text(), ['read'], '');
      case requests.fsetstat: {
        const handle = this.#handles.get(key(fields.string()));
        return handle === undefined ? this.#unknownHandle(id) : this.#command(frame, id, 'sftp setstat', [['write', { written: handle.path, real: handle.path }]]);
      }
      case requests.extended:
        return this.#extended(frame, id, fields);
      default:
        return this.#onPaths(frame, id, type, fields);
    }
  }

  #onPaths(frame: Buffer, id: number, type: number, fields: FieldReader): Promise<void> | null {
    switch (type) {
      case requests.stat:
        return this.#onPath(frame, id, 'sftp stat', 'read', fields.text(), 'all');
      case requests.realpath:
        return this.#onPath(frame, id, 'sftp realpath', 'read', fields.text(), 'all');
      case requests.lstat:
        return this.#onPath(frame, id, 'sftp lstat', 'read', fields.text(), 'all but the last');
      case requests.readlink:
        return this.#onPath(frame, id, 'sftp readlink', 'read', fields.text(), 'all but the last');
      case requests.setstat:
        return this.#onPath(frame, id, 'sftp setstat', 'write', fields.text(), 'all');
      case requests.remove:
        return this.#onPath(frame, id, 'sftp remove', 'write', fields.text(), 'all but the last');
      case requests.mkdir:
        return this.#onPath(frame, id, 'sftp mkdir', 'write', fields.text(), 'all but the last');
      case requests.rmdir:
        return this.#onPath(frame, id, 'sftp rmdir', 'write', fields.text(), 'all but the last');
      case requests.rename:
        return this.#onTwo(frame, id, 'sftp rename', fields.text(), fields.text());
      case requests.symlink: {
        // OpenSSH's server has them in this order, whatever the draft says.
        const points = fields.text();
        return this.#onLink(frame, id, points, fields.text());
      }
      default:
        return this.#unsupported(id, `request ${type}`);
    }
  }

  #extended(frame: Buffer, id: number, fields: FieldReader): Promise<void> | null {
    const name = fields.text();
    const kind = this.#offered.has(name) ? extensions[name]?.kind : undefined;
    const short = name.replace(/@.*/, '');
    switch (kind) {
      case 'limits':
        return this.#relay(frame, id, (answer) => this.#give(answer));
      case 'handle':
        return this.#onHandle(frame, id, fields);
      case 'path':
        return this.#onPath(frame, id, `sftp ${short}`, 'read', fields.text(), 'all');
      case 'lsetstat':
        return this.#onPath(frame, id, 'sftp setstat', 'write', fields.text(), 'all but the last');
      case 'rename':
        return this.#onTwo(frame, id, 'sftp rename', fields.text(), fields.text());
      case 'link': {
        const from = fields.text();
        return this.#onHardLink(frame, id, from, fields.text());
      }
      default:
        return this.#unsupported(id, `extension ${name.replace(/[^\x20-\x7e]/g, '?').slice(0, 64)}`);
    }
  }

  async #hello(version: number): Promise<void> {
    if (this.#begun || version < 3) return this.fail('SFTP begins once, with version 3');
    this.#begun = true;
    this.#writer.write('out', message(answers.version, uint32(3), ...[...this.#offered].flatMap(([name, value]) => [string(name), string(value)])));
  }

  async #onPath(frame: Buffer, id: number, kind: string, verb: Verb, path: string, links: 'all' | 'all but the last'): Promise<void> {
    await this.#command(frame, id, kind, [[verb, await this.#named(path, links)]]);
  }

  async #onTwo(frame: Buffer, id: number, kind: string, from: string, to: string): Promise<void> {
    await this.#command(frame, id, kind, [['write', await this.#named(from, 'all but the last')], ['write', await this.#named(to, 'all but the last')]]);
  }

  /** A hard link makes the file's content reachable and changeable under another name. */
  async #onHardLink(frame: Buffer, id: number, from: string, to: string): Promise<void> {
    const file = await this.#named(from, 'all but the last');
    await this.#command(frame, id, 'sftp hardlink', [['read', file], ['write', file], ['write', await this.#named(to, 'all but the last')]]);
  }

  /** Where a link points is text; who follows it is decided by where that leads. */
  async #onLink(frame: Buffer, id: number, points: string, path: string): Promise<void> {
    await this.#command(frame, id, 'sftp symlink', [['write', await this.#named(path, 'all but the last')]], `-> ${points}`);
  }

  async #named(written: string, links: 'all' | 'all but the last'): Promise<Named> {
    return { written, real: await this.#target.resolve(written, links) };
  }

  /** A request that is over with its one answer. */
  async #command(frame: Buffer, id: number, kind: string, uses: Uses, rest = ''): Promise<void> {
    const permit = await this.#ask(id, fileMeans(kind, uses), fileText(kind, uses, rest));
    if (permit === null) return;
    const began = performance.now();
    permit.spend();
    this.#relay(frame, id, (answer) => {
      const status = statusOf(answer);
      const micros = Math.round((performance.now() - began) * 1000);
      permit.settle({ status: status === null || status === statuses.ok ? 'ok' : 'failed', rows: 0, bytes: answer.length, micros, error: status === null || status === statuses.ok ? null : String(status), masked: [] });
      this.#give(answer, permit);
    }, () => permit.settle({ status: 'lost', rows: 0, bytes: 0, micros: 0, error: null, masked: [] }));
  }

  async #open(frame: Buffer, id: number, kind: string, path: string, verbs: readonly Verb[], rest: string): Promise<void> {
    if (this.#handles.size >= maxHandles) return void this.#status(id, statuses.failure, 'too many files are open');
    const named = await this.#named(path, 'all');
    const uses = verbs.map((verb) => [verb, named] as const);
    const permit = await this.#ask(id, fileMeans(kind, uses), fileText(kind, [['read', named]], rest));
    if (permit === null) return;
    permit.spend();
    const opened = new OpenHandle(permit, named.real ?? path);
    // The client cannot name the handle before it has been answered; until then it counts, so that it is settled when the channel ends.
    const pending = `pending ${id} ${permit.command}`;
    this.#handles.set(pending, opened);
    this.#relay(frame, id, (answer) => {
      this.#handles.delete(pending);
      const handle = handleOf(answer);
      if (handle === null) opened.settle('failed', String(statusOf(answer) ?? 'unreadable'));
      else if (!this.#gone.signal.aborted) this.#handles.set(handle, opened);
      else opened.settle('lost', null);
      this.#give(answer, permit);
    });
  }

  #read(frame: Buffer, id: number, fields: FieldReader): null {
    const handle = this.#handles.get(key(fields.string()));
    const offset = Number(fields.uint64());
    if (handle === undefined) return this.#unknownHandle(id);
    const { maxBytes } = handle.permit.obligations;
    if (maxBytes !== null && handle.read.bytes >= maxBytes) return this.#limit(id, handle);
    return this.#relay(frame, id, (answer) => {
      if (answer[4] === answers.data) handle.read.add(offset, answer.subarray(13));
      this.#give(answer, handle.permit);
    });
  }

  #write(frame: Buffer, id: number, fields: FieldReader): null {
    const handle = this.#handles.get(key(fields.string()));
    const offset = Number(fields.uint64());
    if (handle === undefined) return this.#unknownHandle(id);
    handle.written.add(offset, fields.string());
    return this.#relay(frame, id, (answer) => this.#give(answer));
  }

  #close(frame: Buffer, id: number, fields: FieldReader): null {
    const name = key(fields.string());
    const handle = this.#handles.get(name);
    if (handle === undefined) return this.#unknownHandle(id);
    this.#handles.delete(name);
    return this.#relay(frame, id, (answer) => {
      const status = statusOf(answer);
      handle.settle(status === statuses.ok ? 'ok' : 'failed', status === statuses.ok ? null : String(status));
      this.#give(answer);
    }, () => handle.settle('lost', null));
  }

  #readdir(frame: Buffer, id: number, fields: FieldReader): null {
    const handle = this.#handles.get(key(fields.string()));
    if (handle === undefined) return this.#unknownHandle(id);
    return this.#relay(frame, id, (answer) => {
      if (answer[4] === answers.name && answer.length >= 13) handle.names += answer.readUInt32BE(9);
      this.#give(answer, handle.permit);
    });
  }

  #onHandle(frame: Buffer, id: number, fields: FieldReader): null {
    const handle = this.#handles.get(key(fields.string()));
    return handle === undefined ? this.#unknownHandle(id) : this.#relay(frame, id, (answer) => this.#give(answer, handle.permit));
  }

  /** Asks the gate. Null when it said no, which the client has then been told. */
  async #ask(id: number, means: Understanding, text: string): Promise<Permit | null> {
    const said = await this.#house.session.gate.submit(commandOf(text, means), { signal: this.#gone.signal, onHold: (hold) => this.#held(hold) });
    if (said.kind === 'permit') {
      if (!this.#gone.signal.aborted) return said;
      said.settle({ status: 'unsent', rows: 0, bytes: 0, micros: 0, error: null, masked: [] });
      return null;
    }
    this.#say(refusalText(said));
    this.#status(id, statuses.permissionDenied, refusalText(said).trim());
    return null;
  }

  /** @param lost runs when the channel ends before the answer */
  #relay(frame: Buffer, id: number, answered: (answer: Buffer) => void, lost?: () => void): null {
    const gone = () => lost?.();
    if (lost !== undefined) this.#gone.signal.addEventListener('abort', gone, { once: true });
    this.#target.ask(frame, (answer) => {
      if (this.#gone.signal.aborted) return;
      this.#gone.signal.removeEventListener('abort', gone);
      answer.writeUInt32BE(id, 5);
      answered(answer);
    });
    return null;
  }

  /** Gives an answer to the client: what a command shows only when its evidence is durable. */
  #give(answer: Buffer, permit?: Permit): void {
    const { gate } = this.#house.session;
    if (permit === undefined || (gate.released >= permit.position && this.#answersWaiting === 0)) {
      if (this.#answersWaiting === 0) return this.#writer.write('out', answer);
    }
    this.#answersWaiting += answer.length;
    this.#order = this.#order.then(() => (permit === undefined || gate.released >= permit.position ? null : released(this.#house, permit))).then((error) => {
      this.#answersWaiting -= answer.length;
      if (error === null) this.#writer.write('out', answer);
      else this.fail('the record of this could not be made durable');
    });
  }

  #limit(id: number, handle: OpenHandle): null {
    const said = refusal('limit', 'the file was cut off at its limit', handle.permit.command, { hint: 'ask for less' });
    this.#house.session.gate.refused(said, 'sftp open');
    this.#say(refusalText(said));
    return this.#status(id, statuses.failure, said.say);
  }

  #unknownHandle(id: number): null {
    return this.#status(id, statuses.failure, 'there is no such handle');
  }

  #unsupported(id: number, what: string): null {
    const said = refusal('unreadable', `${what} of SFTP is not known here`, uuidv7());
    this.#house.session.gate.refused(said, `sftp ${what}`);
    this.#say(refusalText(said));
    return this.#status(id, statuses.unsupported, 'not supported here');
  }

  #status(id: number, code: number, text: string): null {
    this.#give(statusMessage(id, code, text));
    return null;
  }

  #held({ approval, say, url, expires }: HoldNotice): void {
    this.#say(`sallyport: waiting for approval ${approval} until ${expires}: ${say}\nsallyport: ${url}\n`);
  }

  #say(text: string): void {
    this.#writer.write('err', Buffer.from(text));
  }
}

const key = (handle: Buffer) => `h ${handle.toString('latin1')}`;

function handleOf(answer: Buffer): string | null {
  if (answer[4] !== answers.handle || answer.length < 13) return null;
  const fields = new FieldReader(answer.subarray(9));
  return key(fields.string());
}

function statusOf(answer: Buffer): number | null {
  return answer[4] === answers.status && answer.length >= 13 ? answer.readUInt32BE(9) : null;
}

function released({ session }: House, permit: Permit): Promise<Error | null> {
  return new Promise((resolve) => session.gate.whenReleased(permit.position, resolve));
}
