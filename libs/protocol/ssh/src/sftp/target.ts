import type { Socket } from 'node:net';
import { posix } from 'node:path';
import type { ClientChannel } from 'ssh2';
import { FieldReader, string, uint32 } from '../wire/fields.ts';
import { SftpFrames } from './frames.ts';
import { answers, message, requests } from './wire.ts';

/** Bytes that may wait towards the target before the client is stopped. */
const highWater = 1024 * 1024;

/** The target's SFTP server: requests under numbers of our own, answers to whoever asked. */
export class SftpTarget {
  readonly #channel: ClientChannel;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (answer: Buffer) => void>();
  readonly #drained: () => void;
  #id = 0;
  #pending = 0;
  #wasFull = false;
  #version: ((extensions: ReadonlyMap<string, string>) => void) | null = null;

  constructor(channel: ClientChannel, socket: Socket, events: { readonly drained: () => void; readonly failed: () => void }) {
    this.#channel = channel;
    this.#socket = socket;
    this.#drained = events.drained;
    const frames = new SftpFrames();
    channel.on('data', (chunk: Buffer) => {
      try {
        frames.push(chunk, (frame) => this.#answer(frame));
      } catch {
        events.failed();
      }
    });
    channel.stderr.resume();
    const drained = () => this.#look();
    socket.on('drain', drained);
    channel.once('close', () => socket.off('drain', drained));
  }

  get outstanding(): number {
    return this.#waiting.size;
  }

  get full(): boolean {
    return !this.#socket.destroyed && (this.#pending > highWater || this.#socket.writableLength > highWater);
  }

  /** Agrees on version 3. @returns the extensions that the target offers */
  hello(): Promise<ReadonlyMap<string, string>> {
    return new Promise((resolve) => {
      this.#version = resolve;
      this.#channel.write(message(requests.init, uint32(3)));
    });
  }

  /** Sends a request; its id (the four bytes after the type) is replaced by one of ours. */
  ask(request: Buffer, answer: (frame: Buffer) => void): void {
    this.#id = (this.#id + 1) >>> 0;
    request.writeUInt32BE(this.#id, 5);
    this.#waiting.set(this.#id, answer);
    if (!this.#channel.writable) return;
    this.#pending += request.length;
    this.#channel.write(request, () => {
      this.#pending -= request.length;
      this.#look();
    });
    this.#wasFull ||= this.full;
  }

  /**
   * The path as the target resolves it, links followed; `last`: but for its last name, which is then what it says. Null when the target cannot say. What the
   * path means can change between this answer and the request: whoever may change links at the target can win that race.
   */
  async resolve(path: string, links: 'all' | 'all but the last'): Promise<string | null> {
    if (links === 'all') return this.#realpath(path);
    const clean = path.replace(/\/+$/, '') || '/';
    const name = posix.basename(clean);
    if (name === '' || name === '.' || name === '..') return this.#realpath(path);
    const parent = await this.#realpath(posix.dirname(clean));
    return parent === null ? null : posix.join(parent, name);
  }

  #realpath(path: string): Promise<string | null> {
    return new Promise((resolve) => {
      this.ask(message(requests.realpath, uint32(0), string(path)), (frame) => resolve(nameOf(frame)));
    });
  }

  #look(): void {
    if (!this.#wasFull || this.full) return;
    this.#wasFull = false;
    this.#drained();
  }

  #answer(frame: Buffer): void {
    if (frame[4] === answers.version) {
      const version = this.#version;
      this.#version = null;
      return version?.(offered(frame));
    }
    if (frame.length < 9) return;
    const id = frame.readUInt32BE(5);
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.(frame);
  }
}

function offered(frame: Buffer): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  try {
    const fields = new FieldReader(frame.subarray(9));
    while (fields.left > 0) names.set(fields.text(), fields.text());
  } catch {
    // What cannot be read is not offered to the client.
  }
  return names;
}

function nameOf(frame: Buffer): string | null {
  try {
    const fields = new FieldReader(frame.subarray(9));
    if (frame[4] !== answers.name || fields.uint32() !== 1) return null;
    const path = fields.text();
    return path.startsWith('/') ? path : null;
  } catch {
    return null;
  }
}
