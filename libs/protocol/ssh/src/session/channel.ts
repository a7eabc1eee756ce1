import { refusal, uuidv7, type Refusal, type Understanding } from '@sallyport/domain-model';
import type { ClientChannel, ServerChannel, Session } from 'ssh2';
import { isUnreadable, type Unreadable } from '../shell/index.ts';
import { commandOf, isAltered, shellMeans, unreadMeans, variableMeans } from './commands.ts';
import { Run, untilClosed, type Pty, type TargetChannel } from './exec.ts';
import type { House } from './house.ts';

/** Variables that one channel may ask for. */
const maxVariables = 64;
const maxTerm = 64;

/** What the text of an exec request means. */
export type ReadCommand = (text: string) => Understanding | Unreadable;

/** Serves SFTP on a channel until it is over. @param onKill is given what says the last words of it */
export type ServeSftp = (house: House, channel: ServerChannel, onKill: (kill: (said: Refusal) => void) => void) => Promise<void>;

export interface ChannelTerms {
  readonly house: House;
  readonly read: ReadCommand;
  readonly sftp: ServeSftp;
}

/** One session channel of the client: what it asks for before it begins, the one thing that it then runs, and the end. */
export class SessionChannel {
  readonly #of: ChannelTerms;
  readonly #env: Record<string, string> = {};
  #variables = 0;
  /** Answers about variables come before what runs with them. */
  #ready: Promise<void> = Promise.resolve();
  #pty: Pty | null = null;
  #run: Run | null = null;
  #channel: ServerChannel | null = null;
  #lastWords: ((said: Refusal) => void) | null = null;
  #begun = false;
  readonly #over: () => void;
  /** Resolves when the channel is over. */
  readonly over: Promise<void>;

  constructor(session: Session, of: ChannelTerms) {
    this.#of = of;
    let over = () => undefined as void;
    this.over = new Promise((resolve) => (over = resolve));
    this.#over = over;
    session.on('env', (accept, reject, { key, val }) => this.#variable(key, val, accept, reject));
    session.on('pty', (accept, reject, wish) => this.#terminal(wish, accept, reject));
    session.on('window-change', (accept, _reject, { cols, rows, width, height }) => {
      const size = { columns: bounded(cols), rows: bounded(rows), width, height };
      if (this.#pty !== null) Object.assign(this.#pty, size);
      this.#run?.resize(size);
      accept?.();
    });
    session.on('signal', (accept, _reject, { name }) => {
      this.#run?.signal(name);
      accept?.();
    });
    session.on('exec', (accept, reject, { command }) => this.#begin(reject, () => this.#exec(this.#taken(accept()), command)));
    session.on('shell', (accept, reject) => this.#begin(reject, () => this.#shell(this.#taken(accept()))));
    session.on('subsystem', (accept, reject, { name }) => this.#subsystem(name, accept, reject));
    session.on('auth-agent', (_accept, reject) => this.#no(reject, 'agent forwarding'));
    session.on('x11', (_accept, reject) => this.#no(reject, 'X11 forwarding'));
    session.on('close', () => {
      if (!this.#begun) this.#over();
    });
  }

  /** Bytes that the client has sent and nobody has taken yet. */
  get unread(): number {
    return this.#channel?.readableLength ?? 0;
  }

  kill(said: Refusal): void {
    this.#run?.kill(said);
    this.#lastWords?.(said);
  }

  /** ssh2 gives no channel when the client has ended it meanwhile. */
  #taken(channel: ServerChannel | undefined): ServerChannel {
    if (channel === undefined) throw new Error('the client has gone');
    return (this.#channel = channel);
  }

  #begin(reject: (() => void) | undefined, begin: () => Promise<void>): void {
    if (this.#begun) return reject?.();
    this.#begun = true;
    // What a channel did not say by itself is said by its end: nothing of it may end the gateway.
    void new Promise<void>((resolve) => resolve(begin())).catch(() => this.#channel?.close()).finally(this.#over);
  }

  async #exec(channel: ServerChannel, text: string): Promise<void> {
    const { house } = this.#of;
    const pty = this.#pty;
    const open = () => opened((done) => house.upstream.exec(text, { env: this.#env, ...(pty === null ? {} : { pty: ptyOf(pty) }) }, done));
    const read = isAltered(text) ? unaltered : this.#of.read(text);
    const run = new Run({ house, channel, text, means: isUnreadable(read) ? unreadMeans : read, pty, kind: pty === null ? 'output' : 'terminal', open });
    this.#run = run;
    if (isUnreadable(read)) {
      const said = refusal(read.code, read.say, uuidv7());
      house.session.gate.refused(said, 'exec');
      return run.refuse(said);
    }
    await this.#ready;
    await run.run();
  }

  async #shell(channel: ServerChannel): Promise<void> {
    const { house } = this.#of;
    const pty = this.#pty;
    const open = () => opened((done) => (pty === null ? house.upstream.shell(false, { env: this.#env }, done) : house.upstream.shell(ptyOf(pty), { env: this.#env }, done)));
    const run = new Run({ house, channel, text: 'interactive shell', means: shellMeans, pty, kind: 'terminal', open });
    this.#run = run;
    await this.#ready;
    await run.run();
  }

  #subsystem(name: string, accept: () => ServerChannel, reject: () => void): void {
    if (name !== 'sftp') return this.#no(reject, `the subsystem ${printable(name)}`);
    this.#begin(reject, () => this.#of.sftp(this.#of.house, this.#taken(accept()), (kill) => (this.#lastWords = kill)));
  }

  #variable(name: string, value: string, accept: (() => void) | undefined, reject: (() => void) | undefined): void {
    if (this.#begun || ++this.#variables > maxVariables || !/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name) || isAltered(value) || value.length > 4096) return this.#no(reject, 'an environment variable');
    this.#ready = this.#ready.then(async () => {
      const permit = await this.#of.house.session.gate.submit(commandOf(`env ${name}=${value}`, variableMeans(name)));
      if (permit.kind === 'refusal') return reject?.();
      permit.spend();
      this.#env[name] = value;
      permit.settle({ status: 'ok', rows: 0, bytes: 0, micros: 0, error: null, masked: [] });
      accept?.();
    });
  }

  #terminal({ term, cols, rows, width, height, modes }: { readonly term?: string; readonly cols: number; readonly rows: number; readonly width: number; readonly height: number; readonly modes: object }, accept: (() => void) | undefined, reject: (() => void) | undefined): void {
    const { extensions } = this.#of.house.session;
    if (extensions !== undefined && extensions !== null && !extensions.has('permit-pty')) return this.#no(reject, 'a terminal (the certificate does not bear permit-pty)');
    const numbers = Object.entries(modes).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
    this.#pty = { term: printable(term ?? 'dumb').slice(0, maxTerm), columns: bounded(cols), rows: bounded(rows), width, height, modes: Object.fromEntries(numbers) };
    accept?.();
  }

  #no(reject: (() => void) | undefined, what: string): void {
    this.#of.house.session.gate.refused(refusal('denied', `${what} is not permitted here`, uuidv7()), what);
    reject?.();
  }
}

const unaltered: Unreadable = { code: 'unreadable', say: 'a command must be UTF-8 without NUL' };

/** ssh2 calls back with an error, or with the channel, whose end may have come in the same breath: it is listened for at once. */
function opened(ask: (done: (error: Error | undefined, channel: ClientChannel) => void) => void): Promise<TargetChannel> {
  return new Promise((resolve, reject) => {
    ask((error, channel) => {
      if (error === undefined || error === null) resolve({ channel, exit: untilClosed(channel) });
      else reject(error);
    });
  });
}

function ptyOf({ term, columns, rows, width, height, modes }: Pty) {
  return { term, cols: columns, rows, width, height, modes };
}

const bounded = (count: number) => Math.max(0, Math.min(1000, Math.floor(count) || 0));
const printable = (text: string) => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 64);
