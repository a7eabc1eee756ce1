import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { FrameSplitter } from '@sallyport/protocol-relay';
import {
  readCommandComplete, readDataRow, readErrorFields, readNotification, readParameterStatus, readReadyForQuery, readRowDescription, sslRequest, writePassword, writeStartup,
} from '../messages/index.ts';

/** One message of the server. */
export interface Frame {
  readonly type: string;
  readonly body: Buffer;
}

export interface Login {
  readonly port: number;
  readonly ca: string;
  readonly user?: string;
  readonly token?: string;
  readonly database?: string;
  readonly minor?: number;
  readonly parameters?: Readonly<Record<string, string>>;
}

/** A client that says exactly what it is told, byte by byte, and keeps everything that it hears. For tests. */
export class WireClient implements AsyncDisposable {
  readonly socket: Socket;
  /** Everything that was received, decrypted. */
  readonly heard: Buffer[] = [];
  /** Messages between AuthenticationOk and the first ReadyForQuery. */
  welcome: readonly Frame[] = [];
  readonly closed: Promise<void>;
  readonly #splitter = new FrameSplitter({ maxFrame: 1024 * 1024 * 1024 });
  #frames: Frame[] = [];
  #over = false;
  #news: (() => void) | null = null;

  /** @param socket logged in already, or not yet */
  constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (chunk: Buffer) => {
      this.heard.push(chunk);
      this.#splitter.push(chunk, (type, bytes, start, end) => void this.#frames.push({ type: String.fromCharCode(type), body: Buffer.from(bytes.subarray(start, end)) }));
      this.#news?.();
    });
    socket.on('error', () => undefined);
    void this.closed.then(() => {
      this.#over = true;
      this.#news?.();
    });
  }

  /** Connects and logs in; what the gateway says instead of letting in is an Error with its SQLSTATE. */
  static async open(login: Login): Promise<WireClient> {
    const client = new WireClient(await encrypted(login.port, login.ca));
    client.send(writeStartup(login.minor ?? 0, Object.entries({ user: login.user ?? 'ledger-db', database: login.database ?? 'postgres', ...login.parameters })));
    client.send(writePassword(Buffer.from(login.token ?? 'a-token')));
    const frames = await client.until('Z');
    client.welcome = frames;
    return client;
  }

  send(...parts: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(parts));
  }

  /** Sends all and hears until as many ReadyForQuery have come; as lines (`show`). */
  async ask(bytes: Uint8Array | readonly Uint8Array[], ready = 1): Promise<string[]> {
    this.send(...(bytes instanceof Uint8Array ? [bytes] : bytes));
    const lines: string[] = [];
    for (let i = 0; i < ready; i++) lines.push(...(await this.until('Z')).map(show));
    return lines;
  }

  /** Frames up to and with the next one of this type. @throws Error when the connection ends before, with what came instead */
  async until(type: string): Promise<Frame[]> {
    for (;;) {
      const at = this.#frames.findIndex((frame) => frame.type === type);
      if (at !== -1) return this.#frames.splice(0, at + 1);
      if (this.#over) throw new Error(`the connection ended; heard ${this.#frames.map(show).join(' · ')}`);
      await new Promise<void>((resolve) => (this.#news = resolve));
    }
  }

  /** Everything until the connection is closed, as lines. */
  async rest(): Promise<string[]> {
    await this.closed;
    return this.#frames.splice(0).map(show);
  }

  /** The body of BackendKeyData. */
  get key(): Buffer {
    return this.welcome.find(({ type }) => type === 'K')?.body ?? Buffer.alloc(0);
  }

  get text(): string {
    return Buffer.concat(this.heard).toString('latin1');
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    return this.closed;
  }
}

/** TLS after SSLRequest; nothing is said yet. */
export async function encrypted(port: number, ca: string): Promise<TLSSocket> {
  const plain = await tcp(port);
  plain.write(sslRequest);
  await new Promise<void>((resolve, reject) => {
    plain.once('data', (answer) => (answer[0] === 0x53 ? resolve() : reject(new Error('no TLS'))));
    plain.once('close', () => reject(new Error('closed before TLS')));
  });
  const socket = connectTls({ socket: plain, ca, servername: 'localhost' });
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', () => resolve());
    socket.once('error', reject);
  });
  return socket;
}

export function tcp(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** One message in one readable line: `T id,name`, `D 1,\N`, `C SELECT 1`, `Z I`, `E 42501 …`. */
export function show({ type, body }: Frame): string {
  const end = body.length;
  switch (type) {
    case 'T':
      return `T ${readRowDescription(body, 0, end).map(({ name }) => name).join(',')}`;
    case 'D':
      return `D ${readDataRow(body, 0, end).map((cell) => cell ?? '\\N').join(',')}`;
    case 'C':
      return `C ${readCommandComplete(body, 0, end).tag}`;
    case 'Z':
      return `Z ${readReadyForQuery(body, 0, end)}`;
    case 'E':
    case 'N': {
      const fields = readErrorFields(body, 0, end);
      return `${type} ${fields.get('C')} ${fields.get('M')}`;
    }
    case 'S': {
      const { name, value } = readParameterStatus(body, 0, end);
      return `S ${name}=${value}`;
    }
    case 'A': {
      const { channel, payload } = readNotification(body, 0, end);
      return `A ${channel} ${payload}`;
    }
    case 'd':
      return `d ${body.toString('utf8')}`;
    default:
      return type;
  }
}
