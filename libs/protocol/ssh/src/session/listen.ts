import type { Refusal } from '@sallyport/domain-model';
import type { Outcome, Permit } from '@sallyport/protocol-spi';
import { commandOf, means } from './commands.ts';
import type { House } from './house.ts';

export interface ListenTerms {
  readonly house: House;
  /** What rules and evidence call it: `localhost:8080`, `*:0`, a path. */
  readonly name: string;
  /** Makes the target listen; resolves with the port that it took, 0 for a socket. */
  readonly begin: () => Promise<number>;
  /** Makes it stop; nobody waits for it. */
  readonly end: () => void;
  readonly accept: (port: number) => void;
  readonly reject: () => void;
}

/** The target listens for the client (`ssh -R`), from the request to its cancellation or the end of the session. Each connection that comes of it is decided and counted by itself. */
export class Listen {
  readonly #of: ListenTerms;
  readonly #gone = new AbortController();
  #listens = false;
  /** Resolves when the target does not listen any more, as far as is known; never rejects. */
  readonly over: Promise<void>;

  constructor(of: ListenTerms) {
    this.#of = of;
    for (const one of [of.house.socket, of.house.upstreamSocket]) one.once('close', this.cancel);
    this.over = this.#run().catch(() => of.reject()).finally(() => {
      for (const one of [of.house.socket, of.house.upstreamSocket]) one.off('close', this.cancel);
    });
  }

  get name(): string {
    return this.#of.name;
  }

  /** True while connections of the target belong to it. */
  get listens(): boolean {
    return this.#listens && !this.#gone.signal.aborted;
  }

  kill(_said: Refusal): void {
    this.cancel();
  }

  readonly cancel = (): void => {
    if (this.#gone.signal.aborted) return;
    this.#gone.abort();
    if (this.#listens) this.#of.end();
  };

  async #run(): Promise<void> {
    const { house, name, reject } = this.#of;
    const { gate } = house.session;
    const permit = await gate.submit(commandOf(`listen ${name}`, means('listen', 'listen: the target takes connections for the client', [{ verb: 'transfer', resource: { kind: 'remote', schema: 'listen', name } }])), { signal: this.#gone.signal });
    if (permit.kind === 'refusal') return reject();
    const began = performance.now();
    const ending = await this.#permitted(permit).catch((): Ending => ({ status: 'failed', error: 'target-refused' }));
    permit.settle({ rows: 0, bytes: 0, micros: Math.round((performance.now() - began) * 1000), masked: [], ...ending });
  }

  async #permitted(permit: Permit): Promise<Ending> {
    const { house, begin, accept, reject } = this.#of;
    const { gate } = house.session;
    if (this.#gone.signal.aborted || gate.closing.aborted) return { status: 'unsent', error: null };
    permit.spend();
    let port: number;
    try {
      port = await begin();
    } catch {
      reject();
      return { status: 'failed', error: 'target-refused' };
    }
    this.#listens = true;
    if (this.#gone.signal.aborted) this.#of.end();
    else if ((await released(house, permit)) !== null) {
      reject();
      this.cancel();
      return { status: 'cut', error: 'evidence-unavailable' };
    } else accept(port);
    await new Promise<void>((resolve) => {
      if (this.#gone.signal.aborted) return resolve();
      this.#gone.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    return gate.closing.aborted ? { status: 'lost', error: null } : { status: 'ok', error: null };
  }
}

interface Ending {
  readonly status: Outcome['status'];
  readonly error: string | null;
}

function released({ session: { gate } }: House, permit: Permit): Promise<Error | null> {
  if (gate.released >= permit.position) return Promise.resolve(null);
  return new Promise((resolve) => gate.whenReleased(permit.position, resolve));
}
