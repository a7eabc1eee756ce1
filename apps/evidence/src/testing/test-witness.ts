import { createServer, type Server } from 'node:http';
import {
  cosigner, formatSignature, formatVerifierKey, parseAddCheckpoint, parseCheckpoint, parseNote, sameHash, signingKeyOf, verifyConsistency, type Checkpoint,
} from '@sallyport/engine-evidence';
import { listening } from './listening.ts';

/**
 * A witness written from the specification for these tests, apart from apps/witness: it remembers, and can be told what to do wrong.
 * It answers at `url`, and its key is in `address` as SALLYPORT_WITNESSES wants it.
 */
export class TestWitness implements AsyncDisposable {
  readonly name: string;
  readonly last = new Map<string, Checkpoint>();
  /** Answers this status and nothing else. */
  fails: number | null = null;
  requests = 0;
  readonly #server: Server;
  readonly #cosigner;
  #url = '';

  constructor(name: string) {
    this.name = name;
    this.#cosigner = cosigner(name, signingKeyOf(new Uint8Array(32).fill(name.length)));
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part)).on('end', () => {
        this.requests++;
        const [status, body] = this.fails === null ? this.#add(Buffer.concat(parts)) : [this.fails, 'told to'];
        response.writeHead(status, { 'content-type': status === 409 ? 'text/x.tlog.size' : 'text/plain' }).end(body);
      });
    });
  }

  async start(): Promise<this> {
    this.#url = await listening(this.#server);
    return this;
  }

  get key() {
    return this.#cosigner.key;
  }

  get address(): string {
    return `${this.#url}/prefix=${formatVerifierKey(this.key)}`;
  }

  #add(body: Uint8Array): [number, string] {
    const { oldSize, proof, checkpoint: note } = parseAddCheckpoint(body);
    const { text } = parseNote(note);
    const checkpoint = parseCheckpoint(text);
    const last = this.last.get(checkpoint.origin);
    const size = last?.size ?? 0;
    if (oldSize !== size || (last !== undefined && size === checkpoint.size && !sameHash(last.root, checkpoint.root))) return [409, `${size}\n`];
    try {
      if (last !== undefined) verifyConsistency({ from: size, to: checkpoint.size, oldRoot: last.root, newRoot: checkpoint.root, proof });
    } catch {
      return [422, 'no'];
    }
    this.last.set(checkpoint.origin, checkpoint);
    return [200, `— somebody.else AAAAAAAA\n${formatSignature(this.#cosigner.cosign(text, Math.floor(Date.now() / 1000)))}`];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((done) => this.#server.close(() => done()));
  }
}
