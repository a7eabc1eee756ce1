import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { posix } from 'node:path';
import type { Writable } from 'node:stream';
import type { Target } from '@sallyport/domain-model';
import type { ScriptedTarget, TargetCredential } from '@sallyport/testing-conformance';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import { FieldReader, string, uint32 } from '../wire/fields.ts';
import { newKeyText, parsePrivateKey } from '../wire/library.ts';
import { publicKeyLine } from '../certificate/public-key.ts';
import { SftpFrames } from '../sftp/frames.ts';
import { answers, extensions, message, requests, statuses, statusMessage } from '../sftp/wire.ts';
import { targetOf } from './world.ts';

const names = new Map<number, string>(Object.entries(requests).map(([name, type]) => [type, name]));

/** An SSH server that lets in who shows the credential, and then does what it is told. Its SFTP resolves paths by itself: the adapter asks for that on its own account. */
export class ScriptedSsh implements ScriptedTarget {
  readonly target: Target;
  mood: ScriptedTarget['mood'] = 'answers';
  reply: readonly Buffer[] | null = null;
  readonly #server: Server;
  readonly #ssh: InstanceType<typeof ssh2.Server>;
  readonly #credential: TargetCredential;
  #received: Buffer[] = [];
  #socket: Socket | null = null;
  #stream: ServerChannel | null = null;

  private constructor(server: Server, port: number, credential: TargetCredential) {
    const hostKey = newKeyText();
    this.#server = server;
    this.#credential = credential;
    this.#ssh = new ssh2.Server({ hostKeys: [hostKey] }, (connection) => this.#serve(connection));
    this.target = targetOf(port, { hostKeys: [publicKeyLine(parsePrivateKey(hostKey).getPublicSSH())], login: 'password', home: '/home/exam', shell: 'bash' });
    server.on('connection', (socket) => {
      this.#socket = socket;
      socket.on('error', () => undefined);
      this.#ssh.injectSocket(socket);
    });
  }

  static async start(credential: TargetCredential): Promise<ScriptedSsh> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address: AddressInfo | string | null = server.address();
    if (address === null || typeof address === 'string') throw new Error('the port has no number');
    return new ScriptedSsh(server, address.port, credential);
  }

  received(): Buffer {
    return Buffer.concat(this.#received);
  }

  forget(): void {
    this.#received = [];
  }

  connection(): Socket {
    if (this.#socket === null) throw new Error('nobody has connected');
    return this.#socket;
  }

  stream(): Writable {
    if (this.#stream === null) throw new Error('no command runs');
    return this.#stream;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket?.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(connection: Connection): void {
    connection.on('error', () => undefined);
    connection.on('authentication', (context) => {
      const { username, secret } = this.#credential;
      const right = this.mood !== 'refuses the login' && context.method === 'password' && context.username === username && context.password === secret;
      if (right) context.accept();
      else context.reject(['password']);
    });
    connection.on('session', (accept) => {
      const session = accept();
      session.on('exec', (take, _reject, { command }) => this.#run(take(), command));
      session.on('subsystem', (take) => this.#files(take()));
    });
  }

  #run(channel: ServerChannel, command: string): void {
    channel.on('error', () => undefined);
    channel.resume();
    this.#stream = channel;
    this.#received.push(Buffer.from(`${command}\n`));
    if (this.mood !== 'answers') return;
    channel.write('done\n');
    channel.exit(0);
    channel.end();
  }

  #files(channel: ServerChannel): void {
    const frames = new SftpFrames();
    channel.on('error', () => undefined);
    channel.on('data', (chunk: Buffer) => frames.push(chunk, (frame) => this.#answer(channel, frame)));
  }

  #answer(channel: ServerChannel, frame: Buffer): void {
    const type = frame[4] ?? 0;
    if (type === requests.init) return void channel.write(message(answers.version, uint32(3), ...Object.entries(extensions).flatMap(([name, { version }]) => [string(name), string(version)])));
    const id = frame.readUInt32BE(5);
    if (type === requests.realpath) {
      const path = posix.resolve('/home/exam', new FieldReader(frame.subarray(9)).text());
      return void channel.write(message(answers.name, uint32(id), uint32(1), string(path), string(path), uint32(0)));
    }
    this.#received.push(Buffer.concat([Buffer.from(`${rendered(type, frame)}\n`), frame.subarray(9)]));
    if (this.mood !== 'answers') return;
    if (this.reply === null) return void channel.write(statusMessage(id, statuses.ok, 'done'));
    for (const piece of numbered(this.reply, id)) channel.write(piece);
  }
}

/** As the adapter calls it: `sftp stat /a`. */
function rendered(type: number, frame: Buffer): string {
  const fields = new FieldReader(frame.subarray(9));
  const name = type === requests.extended ? fields.text().replace(/@.*/, '').replace('posix-rename', 'rename') : type === requests.opendir ? 'readdir' : (names.get(type) ?? `request ${type}`);
  try {
    return `sftp ${name} ${fields.text()}`;
  } catch {
    return `sftp ${name}`;
  }
}

/** The pieces of an answer with the request's number in it. */
function numbered(pieces: readonly Buffer[], id: number): readonly Buffer[] {
  const all = Buffer.concat(pieces);
  all.writeUInt32BE(id, 5);
  let at = 0;
  return pieces.map(({ length }) => all.subarray(at, (at += length)));
}
