import { refusal, uuidv7, type Refusal } from '@sallyport/domain-model';
import { refusalLine } from '../refuse.ts';
import { rejectOpen } from '../wire/library.ts';
import { destinationOf, listenOf, socketOf } from './destination.ts';
import { Forward, forwardMeans, type Duplexed, type ForwardTerms } from './forward.ts';
import type { House } from './house.ts';
import { Listen } from './listen.ts';

type Answer = ((port?: number) => void) | undefined;
type Take = () => Duplexed | undefined;

/** Connections of a session beside its channels: to what the target reaches, and from those who reach the target. Each is permitted by its name, or refused. */
export class Forwards {
  readonly #house: House;
  readonly #ended: () => boolean;
  readonly #open = new Set<Forward>();
  /** By what the target calls the place when a connection comes: `address:port`, or the path. */
  readonly #listens = new Map<string, Listen>();

  /** @param ended whether the session is over */
  constructor(house: House, ended: () => boolean) {
    this.#house = house;
    this.#ended = ended;
  }

  /** Begins to hear what client and target ask for. */
  listen(): void {
    const { connection, upstream } = this.#house;
    connection.on('tcpip', (take, reject, { destIP, destPort }) => this.#toHost(destIP, destPort, take, this.#words(connection, reject)));
    connection.on('openssh.streamlocal', (take: Take, reject: () => void, { socketPath }: { readonly socketPath: string }) => this.#toSocket(socketPath, take, this.#words(connection, reject)));
    connection.on('request', (accept: Answer, reject: Answer, name: string, info: unknown) => this.#asked(accept, reject, name, info));
    upstream.on('tcp connection', ({ destIP, destPort, srcIP, srcPort }, take, reject) => {
      const dial = () => dialled((done) => connection.forwardOut(destIP, destPort, srcIP, srcPort, done));
      this.#fromTarget(`${destIP}:${destPort}`, dial, take, this.#words(upstream, reject));
    });
    upstream.on('unix connection', ({ socketPath }, take, reject) => {
      const dial = () => dialled((done) => connection.openssh_forwardOutStreamLocal(socketPath, done));
      this.#fromTarget(socketPath, dial, take, this.#words(upstream, reject));
    });
  }

  /** The most that a client has sent into one of them and nobody has taken yet. */
  get unread(): number {
    return Math.max(0, ...[...this.#open].map(({ unread }) => unread));
  }

  /** Resolves when nothing of them is left. */
  async over(): Promise<void> {
    await Promise.all([...this.#open, ...this.#listens.values()].map(({ over }) => over));
  }

  kill(said: Refusal): void {
    for (const one of [...this.#open, ...this.#listens.values()]) one.kill(said);
  }

  #toHost(host: string, port: number, take: Take, reject: ForwardTerms['reject']): void {
    const to = destinationOf(host, port);
    if (to === null) return this.#no(`forwarding to ${printable(`${host}:${port}`)}, which is no plain name or address,`, reject);
    // The target is not told who asked: it knows the gateway.
    this.#begin({ text: `forward ${to.name}`, means: forwardMeans('forward', to.name), from: 'client', dial: () => dialled((done) => this.#house.upstream.forwardOut('127.0.0.1', 0, to.host, port, done)), take, reject });
  }

  #toSocket(path: string, take: Take, reject: ForwardTerms['reject']): void {
    const name = socketOf(path);
    if (name === null) return this.#no(`forwarding to the unix socket ${printable(path)}, which is no plain path,`, reject);
    this.#begin({ text: `forward ${name}`, means: forwardMeans('socket', name), from: 'client', dial: () => dialled((done) => this.#house.upstream.openssh_forwardOutStreamLocal(name, done)), take, reject });
  }

  /** Ruled by the name under which the target was let listen: of a port of its choice nobody knows the number before. */
  #fromTarget(place: string, dial: ForwardTerms['dial'], take: Take, reject: ForwardTerms['reject']): void {
    const listen = this.#listens.get(place);
    if (listen?.listens !== true) return this.#no('a connection that nobody listens for', reject);
    this.#begin({ text: `forward from ${place}`, means: forwardMeans('listen', listen.name), from: 'target', dial, take, reject });
  }

  #begin(terms: Omit<ForwardTerms, 'house'>): void {
    const { session } = this.#house;
    if (!this.#bears()) return this.#no(`${terms.text} (the certificate does not bear permit-port-forwarding)`, terms.reject);
    if (this.#ended() || this.#open.size >= session.settings.maxForwards) return this.#no('one more forward', terms.reject);
    const forward = new Forward({ house: this.#house, ...terms });
    this.#open.add(forward);
    void forward.over.then(() => this.#open.delete(forward));
  }

  /** A global request of the client (RFC 4254 section 7.1; OpenSSH's PROTOCOL, section 2.4). */
  #asked(accept: Answer, reject: Answer, name: string, info: unknown): void {
    const { upstream } = this.#house;
    const no = () => reject?.();
    const port = numberIn(info, 'bindPort');
    const address = textIn(info, 'bindAddr');
    const path = textIn(info, 'socketPath');
    switch (name) {
      case 'tcpip-forward':
        return this.#listen(listenOf(address, port), (taken) => `${address}:${taken}`, {
          begin: () => new Promise((resolve, fail) => upstream.forwardIn(address, port, (error, taken) => (error === undefined ? resolve(taken) : fail(error)))),
          end: (taken) => upstream.unforwardIn(address, taken),
          accept: (taken) => accept?.(taken),
          reject: no,
        });
      case 'streamlocal-forward@openssh.com':
        return this.#listen(socketOf(path), () => path, {
          begin: () => new Promise((resolve, fail) => upstream.openssh_forwardInStreamLocal(path, (error) => (error === undefined || error === null ? resolve(0) : fail(error)))),
          end: () => upstream.openssh_unforwardInStreamLocal(path, () => undefined),
          accept: () => accept?.(),
          reject: no,
        });
      case 'cancel-tcpip-forward':
        return this.#cancel(`${address}:${port}`, accept, no);
      case 'cancel-streamlocal-forward@openssh.com':
        return this.#cancel(path, accept, no);
      default:
        return this.#no(printable(name), no);
    }
  }

  #listen(name: string | null, placeOf: (port: number) => string, how: { begin(): Promise<number>; end(port: number): void; accept(port: number): void; reject(): void }): void {
    const { session } = this.#house;
    if (name === null) return this.#no('listening at what is no plain name, address or path', how.reject);
    if (!this.#bears()) return this.#no(`listen ${name} (the certificate does not bear permit-port-forwarding)`, how.reject);
    if (this.#ended() || this.#listens.size >= session.settings.maxForwards) return this.#no('one more listener', how.reject);
    let taken = 0;
    let place = `asked ${uuidv7()}`;
    const listen = new Listen({
      house: this.#house,
      name,
      begin: async () => {
        taken = await how.begin();
        this.#listens.delete(place);
        this.#listens.set((place = placeOf(taken)), listen);
        return taken;
      },
      end: () => quietly(() => how.end(taken)),
      accept: (port) => how.accept(port),
      reject: () => how.reject(),
    });
    this.#listens.set(place, listen);
    void listen.over.then(() => this.#listens.delete(place));
  }

  #cancel(place: string, accept: Answer, reject: () => void): void {
    const listen = this.#listens.get(place);
    if (listen === undefined) return reject();
    listen.cancel();
    accept?.();
  }

  #bears(): boolean {
    const { extensions } = this.#house.session;
    return extensions === undefined || extensions === null || extensions.has('permit-port-forwarding');
  }

  #no(what: string, reject: (why: string) => void): void {
    const said = refusal('denied', `${what} is not permitted here`, uuidv7());
    this.#house.session.gate.refused(said, what);
    reject(refusalLine(said));
  }

  /** Says no to a channel with words; nobody is told who has gone. */
  #words(connection: object, reject: () => void): (why: string) => void {
    const { socket, upstreamSocket } = this.#house;
    return (why) => {
      if (!socket.destroyed && !upstreamSocket.destroyed) rejectOpen(connection, reject, why);
    };
  }
}

/** ssh2 throws when the connection is over, which rejects. */
function dialled(ask: (done: (error: Error | undefined | null, channel: Duplexed) => void) => void): Promise<Duplexed> {
  return new Promise((resolve, reject) => ask((error, channel) => (error === undefined || error === null ? resolve(channel) : reject(error))));
}

/** The connection may be over: then there is nothing to stop. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // Over already.
  }
}

function textIn(info: unknown, name: string): string {
  const found: unknown = typeof info === 'object' && info !== null ? Reflect.get(info, name) : undefined;
  return typeof found === 'string' ? found : '';
}

function numberIn(info: unknown, name: string): number {
  const found: unknown = typeof info === 'object' && info !== null ? Reflect.get(info, name) : undefined;
  return typeof found === 'number' ? found : Number.NaN;
}

const printable = (text: string) => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 128);
