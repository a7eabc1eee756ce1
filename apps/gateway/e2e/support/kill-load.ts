import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodePostgres } from './endpoint.ts';
import { database, modes, until, type Mode } from './kill-world.ts';
import type { World } from './world.ts';

/** What clients do in turn. */
const kinds = ['insert', 'prepared', 'read', 'forbidden'] as const;
/** `guarded` needs an approval, `large` fills a journal, `unshown` is a read of which no row may come. */
export type Kind = (typeof kinds)[number] | 'guarded' | 'large' | 'unshown';
export const isRead = (kind: Kind) => kind === 'read' || kind === 'unshown';
export const largeBytes = 128 * 1024;

/** One statement that a client sent, known by a mark that stands in its text or parameters and nowhere else. */
export interface Try {
  readonly mark: string;
  readonly mode: Mode;
  readonly kind: Kind;
  /** Wall clock, in milliseconds. */
  readonly began: number;
  ended: number;
  /** `open`: on its way. `ok`: the client has its answer. `cut`: the connection went away. Else the SQLSTATE of its error. */
  outcome: string;
}

/** How often one client sends; the machine is small. */
const paceMs = 70;
/** Before a refused or cut client connects again. */
const againMs = 250;

/** Clients that work without a pause through the gateway, each statement with a mark of its own, and that connect again when cut. */
export class Load {
  readonly tries: Try[] = [];
  /** Codes with which connections were refused. */
  readonly turnedAway: string[] = [];
  readonly #world: World;
  readonly #clients: Promise<void>[] = [];
  #marks = 0;
  #state: 'working' | 'resting' | 'over' = 'working';
  #busy = 0;

  constructor(world: World) {
    this.#world = world;
  }

  start(clients: Readonly<Record<Mode, number>>): void {
    for (const mode of modes) for (let i = 0; i < clients[mode]; i++) this.#clients.push(this.#client(mode, i));
  }

  of(outcome: string, { mode, since = 0 }: { readonly mode?: Mode; readonly since?: number } = {}): Try[] {
    return this.tries.filter((one) => one.outcome === outcome && one.began >= since && (mode === undefined || one.mode === mode));
  }

  /** Waits until both targets have had so many more answers to statements that began after now. */
  async goesOn(answers = 8, timeoutMs = 45_000): Promise<void> {
    const since = Date.now();
    for (const mode of modes) await until(`${answers} more answers from ${mode}`, () => this.of('ok', { mode, since }).length >= answers, timeoutMs);
  }

  /** No statement is on its way when this resolves. Connections stay. */
  async rest(): Promise<void> {
    this.#state = 'resting';
    await until('the load rests', () => this.#busy === 0);
  }

  work(): void {
    this.#state = 'working';
  }

  async stop(): Promise<void> {
    this.#state = 'over';
    await Promise.all(this.#clients);
  }

  #goes(): boolean {
    return this.#state !== 'over';
  }

  #mark(mode: Mode): string {
    return `mark-${mode}-${String(++this.#marks).padStart(7, '0')}-`;
  }

  async #client(mode: Mode, number: number): Promise<void> {
    for (let turn = number; this.#goes(); await sleep(againMs)) {
      const client = await this.#connect(mode);
      if (client !== null) turn = await this.#work(client, mode, turn);
    }
  }

  /** Until the connection is gone, or the load is over. */
  async #work(client: pg.Client, mode: Mode, first: number): Promise<number> {
    let gone = false;
    client.once('end', () => (gone = true));
    let turn = first;
    for (let cut = false; !cut && !gone && this.#goes(); ) {
      await sleep(paceMs);
      if (this.#state === 'working' && !gone) cut = (await this.send(client, mode, kinds[turn++ % kinds.length] ?? 'read')).outcome === 'cut';
    }
    // Who was cut says goodbye into nothing.
    await client.end().catch(() => undefined);
    return turn;
  }

  async #connect(mode: Mode): Promise<pg.Client | null> {
    const client = new pg.Client(nodePostgres(await this.#world.gateway(mode, 'worker', database)));
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      this.turnedAway.push(codeOf(error));
      return null;
    }
  }

  /** One statement over a client of the caller's, kept with the others. */
  async send(client: pg.Client, mode: Mode, kind: Kind): Promise<Try> {
    const one: Try = { mark: this.#mark(mode), mode, kind, began: Date.now(), ended: 0, outcome: 'open' };
    this.tries.push(one);
    this.#busy++;
    try {
      one.outcome = await outcomeOf(statements[kind](client, one.mark));
    } finally {
      one.ended = Date.now();
      this.#busy--;
    }
    return one;
  }
}

const statements: Readonly<Record<Kind, (client: pg.Client, mark: string) => Promise<unknown>>> = {
  insert: (client, mark) => client.query(`insert into inserted values ('${mark}')`),
  prepared: (client, mark) => client.query('insert into inserted values ($1)', [mark]),
  large: (client, mark) => client.query(`insert into inserted values ('${mark}') /* ${'x'.repeat(largeBytes)} */`),
  forbidden: (client, mark) => client.query(`insert into forbidden values ('${mark}')`),
  guarded: (client, mark) => client.query(`insert into guarded values ('${mark}')`),
  read: async (client, mark) => {
    const { rows } = await client.query<{ mark: string }>(`select '${mark}' as mark, count(*) from inserted`);
    if (rows[0]?.mark !== mark) throw new WrongAnswerError(`${mark} read ${JSON.stringify(rows)}`);
  },
  unshown: async (client, mark) => {
    const query = client.query(new pg.Query(`select '${mark}' as mark, count(*) from inserted`));
    await new Promise<void>((done, fail) => {
      query.on('row', () => fail(new WrongAnswerError(`${mark}: a row was shown`)));
      query.on('error', fail);
      query.on('end', () => done());
    });
  },
};

async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'ok';
  } catch (error) {
    return codeOf(error);
  }
}

/** The SQLSTATE; `cut` where the connection ended in the middle, politely (57P01) or not; else what went wrong. */
function codeOf(error: unknown): string {
  if (error instanceof pg.DatabaseError) return error.code === '57P01' ? 'cut' : (error.code ?? 'cut');
  return error instanceof WrongAnswerError ? error.message : 'cut';
}

class WrongAnswerError extends Error {}
