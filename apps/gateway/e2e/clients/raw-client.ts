import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Endpoint } from '../support/endpoint.ts';

/** One message of the server: its type letter and its body. */
export interface ServerMessage {
  readonly type: string;
  readonly body: Buffer;
}

/**
 * A client of PostgreSQL's protocol 3.0 that does nothing by itself: every byte that it sends is the test's, every message that comes
 * back is kept. (PostgreSQL documentation, "Message Formats".) Logs in with the password inside TLS.
 */
export class RawClient {
  readonly #socket: Socket;
  #waiting = Buffer.alloc(0);
  #wake: () => void = () => undefined;
  #over = false;
  /** ParameterStatus and the rest of the greeting. */
  greeting: ServerMessage[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#waiting = Buffer.concat([this.#waiting, chunk]);
      this.#wake();
    });
    socket.on('error', () => undefined).on('close', () => {
      this.#over = true;
      this.#wake();
    });
  }

  static async connect(endpoint: Endpoint, parameters: Readonly<Record<string, string>> = {}): Promise<RawClient> {
    const client = new RawClient(await encrypted(endpoint));
    const words = Object.entries({ user: endpoint.user, database: endpoint.database, application_name: 'raw', ...parameters }).flat().map((word) => `${word}\0`);
    const startup = Buffer.from(`${words.join('')}\0`);
    client.#socket.write(Buffer.concat([int32(startup.length + 8), int32(196_608), startup]));
    for (;;) {
      const message = await client.message();
      if (message === null || message.type === 'E') throw new Error(`no login: ${message === null ? 'closed' : text(message)}`);
      client.greeting.push(message);
      if (message.type === 'R' && message.body.readInt32BE(0) === 3) client.#socket.write(frame('p', cstring(endpoint.password)));
      if (message.type === 'Z') return client;
    }
  }

  /** Sends at once, or in pieces of so many bytes. */
  async send(bytes: Buffer, piece = bytes.length): Promise<void> {
    for (let at = 0; at < bytes.length; at += piece) {
      this.#socket.write(bytes.subarray(at, at + piece));
      if (piece < bytes.length) await new Promise((done) => setImmediate(done));
    }
  }

  /** The next message, or null when the connection is over. */
  async message(): Promise<ServerMessage | null> {
    for (;;) {
      const length = this.#waiting.length < 5 ? Infinity : this.#waiting.readInt32BE(1) + 1;
      if (this.#waiting.length >= length) {
        const message = { type: String.fromCharCode(this.#waiting[0] ?? 0), body: Buffer.from(this.#waiting.subarray(5, length)) };
        this.#waiting = this.#waiting.subarray(length);
        return message;
      }
      if (this.#over) return null;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Messages up to and with the first of this type (or the end of the connection). */
  async until(type: string): Promise<ServerMessage[]> {
    const found: ServerMessage[] = [];
    for (;;) {
      const message = await this.message();
      if (message === null) return [...found, { type: 'closed', body: Buffer.alloc(0) }];
      found.push(message);
      if (message.type === type) return found;
    }
  }

  close(): void {
    this.#socket.end(frame('X', Buffer.alloc(0)));
  }
}

export async function encrypted({ port, ca }: Pick<Endpoint, 'port' | 'ca'>): Promise<Socket> {
  const plain = connectPlain({ host: '127.0.0.1', port });
  await once(plain, 'connect');
  plain.write(Buffer.concat([int32(8), int32(80_877_103)]));
  const [answer] = await once(plain, 'data');
  if (String(answer) !== 'S') throw new Error(`no TLS: ${String(answer)}`);
  const secure = connectTls({ socket: plain, ca: readFileSync(ca), servername: 'localhost' });
  await once(secure, 'secureConnect');
  return secure;
}

export const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
export const int16 = (value: number) => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
export const cstring = (value: string) => Buffer.from(`${value}\0`);
export const frame = (type: string, body: Buffer) => Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);

export const query = (sql: string) => frame('Q', cstring(sql));
export const parse = (name: string, sql: string, types: readonly number[] = []) => frame('P', Buffer.concat([cstring(name), cstring(sql), int16(types.length), ...types.map(int32)]));
export const bind = (portal: string, statement: string, parameters: readonly (string | Buffer | null)[] = [], formats: readonly number[] = [], results: readonly number[] = []) =>
  frame('B', Buffer.concat([cstring(portal), cstring(statement), int16(formats.length), ...formats.map(int16), int16(parameters.length), ...parameters.map(parameter), int16(results.length), ...results.map(int16)]));
export const describe = (what: 'S' | 'P', name: string) => frame('D', Buffer.concat([Buffer.from(what), cstring(name)]));
export const execute = (portal: string, rows = 0) => frame('E', Buffer.concat([cstring(portal), int32(rows)]));
export const close = (what: 'S' | 'P', name: string) => frame('C', Buffer.concat([Buffer.from(what), cstring(name)]));
export const sync = frame('S', Buffer.alloc(0));
export const flush = frame('H', Buffer.alloc(0));
export const copyData = (data: string) => frame('d', Buffer.from(data));
export const copyDone = frame('c', Buffer.alloc(0));
export const copyFail = (why: string) => frame('f', cstring(why));

function parameter(value: string | Buffer | null): Buffer {
  if (value === null) return int32(-1);
  const bytes = Buffer.from(value);
  return Buffer.concat([int32(bytes.length), bytes]);
}

/** A message as one line that says all of it. */
export function text({ type, body }: ServerMessage): string {
  return `${type} ${body.toString('latin1').replaceAll('\0', '·').replace(/[^\x20-\x7e\xa0-\xff]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)}`;
}
