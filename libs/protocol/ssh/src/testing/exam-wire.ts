import { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';

/*
 * SSH multiplexes; the exam has one stream. So its client's stream is that of an SFTP channel, as it is on the wire, cut wherever the exam cuts it. Besides, a frame
 * that begins with 1 runs a command in a channel of its own, whose output comes as it is. What SFTP has no place for (stderr, ends of commands) comes in
 * frames that begin with a byte which no message of SFTP can begin with.
 */
export const marks = { run: 0x01, ended: 0xfd, said: 0xfe } as const;

export function frame(mark: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(5);
  head[0] = mark;
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

export class ExamWire extends Duplex {
  readonly #client: Client;
  readonly #sftp: ClientChannel;
  readonly #sources = new Set<ClientChannel>();
  /** Bytes of the frame that has begun: what of its head is known, and how much is still to come. */
  #head: Buffer = Buffer.alloc(0);
  #left = 0;
  #command: Buffer | null = null;

  constructor(client: Client, sftp: ClientChannel) {
    super({ allowHalfOpen: false });
    this.#client = client;
    this.#sftp = sftp;
    this.#hear(sftp);
    client.on('error', () => this.destroy());
    client.on('close', () => this.destroy());
  }

  override _read(): void {
    for (const source of this.#sources) source.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    for (let at = 0; at < chunk.length; ) at = this.#take(chunk, at);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#client.destroy();
    done(error);
  }

  #take(chunk: Buffer, at: number): number {
    if (this.#left > 0) return this.#body(chunk, at);
    const size = (this.#head[0] ?? chunk[at]) === marks.run ? 5 : 4;
    const end = Math.min(chunk.length, at + size - this.#head.length);
    const piece = chunk.subarray(at, end);
    this.#head = Buffer.concat([this.#head, piece]);
    if (size === 4) this.#sftp.write(Buffer.from(piece));
    if (this.#head.length < size) return end;
    this.#left = this.#head.readUInt32BE(size - 4);
    this.#command = size === 5 ? Buffer.alloc(0) : null;
    this.#head = Buffer.alloc(0);
    return end;
  }

  #body(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#left);
    const piece = Buffer.from(chunk.subarray(at, end));
    this.#left -= piece.length;
    if (this.#command === null) this.#sftp.write(piece);
    else {
      this.#command = Buffer.concat([this.#command, piece]);
      if (this.#left === 0) this.#run(this.#command.toString());
    }
    return end;
  }

  #run(text: string): void {
    this.#command = null;
    this.#client.exec(text, (error, channel) => {
      if (error) return void this.push(frame(marks.ended, 'not run'));
      this.#hear(channel);
      let status = 'none';
      channel.on('exit', (code: number | null, signal?: string) => (status = String(code ?? signal)));
      channel.on('close', () => {
        this.#sources.delete(channel);
        if (!this.destroyed) this.push(frame(marks.ended, status));
      });
    });
  }

  #hear(channel: ClientChannel): void {
    this.#sources.add(channel);
    channel.on('error', () => undefined);
    channel.on('data', (chunk: Buffer) => {
      if (!this.destroyed && !this.push(chunk)) channel.pause();
    });
    channel.stderr.on('data', (chunk: Buffer) => {
      if (!this.destroyed) this.push(frame(marks.said, chunk.toString()));
    });
  }
}
