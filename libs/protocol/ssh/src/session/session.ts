import { refusal, uuidv7, type Refusal } from '@sallyport/domain-model';
import type { SessionEnd } from '@sallyport/protocol-spi';
import { disconnectReasons } from '../greet.ts';
import { refusalText } from '../refuse.ts';
import { sendDisconnect, watchProtocol } from '../wire/library.ts';
import { SessionChannel, type ReadCommand, type ServeSftp } from './channel.ts';
import { Forwards } from './forwards.ts';
import type { House } from './house.ts';

/** Milliseconds that last words may take. */
const patience = 500;
/** Bytes that a client may have sent beyond its window into one channel: ssh2 does not count them. */
const maxUnread = 8 * 1024 * 1024;

/** One logged in connection: its channels, what is refused outside of them, and its end. */
export class SshSession {
  readonly #house: House;
  readonly #read: ReadCommand;
  readonly #serveSftp: ServeSftp;
  readonly #channels = new Set<SessionChannel>();
  readonly #forwards: Forwards;
  #resolve: (end: SessionEnd) => void = () => undefined;
  #end: SessionEnd | null = null;

  constructor(of: { readonly house: Omit<House, 'fail'>; readonly read: ReadCommand; readonly sftp: ServeSftp }) {
    this.#house = { ...of.house, fail: (why) => this.#over({ by: 'failed', why }) };
    this.#read = of.read;
    this.#serveSftp = of.sftp;
    this.#forwards = new Forwards(this.#house, () => this.#end !== null);
  }

  /** @param accept lets the client in; channels come only after it */
  run(accept: () => void): Promise<SessionEnd> {
    const { connection, socket, upstream, upstreamSocket, session } = this.#house;
    const { closing } = session.gate;
    // Each channel listens for the end of both.
    for (const one of [socket, upstreamSocket]) one.setMaxListeners(0);
    return new Promise((resolve) => {
      this.#resolve = resolve;
      connection.on('session', (take, reject) => this.#open(take, reject));
      this.#forwards.listen();
      connection.on('error', (error) => this.#over({ by: isProtocol(error) ? 'failed' : 'client', why: isProtocol(error) ? 'protocol error' : 'the connection broke' }));
      connection.on('end', () => this.#over({ by: 'client', why: 'closed' }));
      connection.on('close', () => this.#over({ by: 'client', why: 'closed' }));
      upstream.on('error', () => this.#over({ by: 'target', why: 'the connection broke' }));
      upstream.on('close', () => this.#over({ by: 'target', why: 'closed' }));
      socket.on('data', () => this.#notFlooded());
      watchProtocol(connection, (what) => session.gate.refused(refusal('unreadable', `${what} is not known here`, uuidv7()), what));
      const killed = () => void this.#kill(reasonOf(closing));
      if (closing.aborted) return killed();
      closing.addEventListener('abort', killed, { once: true });
      accept();
    });
  }

  #open(take: () => Parameters<typeof this.channelOf>[0], reject: () => void): void {
    if (this.#end !== null || this.#channels.size >= this.#house.session.settings.maxChannels) return this.#no(reject, 'one more channel');
    this.channelOf(take());
  }

  channelOf(session: ConstructorParameters<typeof SessionChannel>[0]): void {
    const channel = new SessionChannel(session, { house: this.#house, read: this.#read, sftp: this.#serveSftp });
    this.#channels.add(channel);
    void channel.over.then(() => this.#channels.delete(channel));
  }

  #no(reject: (() => void) | undefined, what: string): void {
    this.#house.session.gate.refused(refusal('denied', `${what} is not permitted here`, uuidv7()), what);
    reject?.();
  }

  /** A client that ignores its windows is no client. */
  #notFlooded(): void {
    for (const { unread } of [...this.#channels, this.#forwards]) if (unread > maxUnread) return this.#over({ by: 'failed', why: 'more was sent than the window allows' });
  }

  async #kill(said: Refusal): Promise<void> {
    if (this.#end !== null) return;
    const { connection } = this.#house;
    for (const one of [...this.#channels, this.#forwards]) one.kill(said);
    try {
      sendDisconnect(connection, disconnectReasons.byApplication, refusalText(said).split('\n').slice(0, 2).join(' '));
    } catch {
      // The connection is over already; it is closed below in any case.
    }
    this.#over({ by: 'killed', why: said.code });
  }

  #over(end: SessionEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    const { socket, upstream, upstreamSocket } = this.#house;
    upstream.end();
    socket.end();
    const late = setTimeout(() => {
      socket.destroy();
      upstreamSocket.destroy();
    }, patience);
    const closed = [socket, upstreamSocket].map((one) => new Promise<void>((resolve) => (one.destroyed ? resolve() : one.once('close', () => resolve()))));
    const channels = [...[...this.#channels].map(({ over }) => over), this.#forwards.over()];
    void Promise.all(closed).then(async () => {
      clearTimeout(late);
      await Promise.race([Promise.all(channels), new Promise((resolve) => setTimeout(resolve, patience).unref())]);
      this.#resolve(end);
    });
  }
}

function reasonOf(closing: AbortSignal): Refusal {
  const reason: unknown = closing.reason;
  return typeof reason === 'object' && reason !== null && 'kind' in reason && reason.kind === 'refusal' ? (reason as Refusal) : refusal('closing', 'the session is ending', uuidv7());
}

/** ssh2 marks what is against the protocol; a broken socket is not. */
function isProtocol(error: unknown): boolean {
  return error instanceof Error && 'level' in error && error.level !== 'socket' && error.level !== 'client-timeout';
}
