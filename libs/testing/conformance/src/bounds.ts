import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { refusal } from '@sallyport/domain-model';
import { hold } from '@sallyport/testing-kit';
import { expect, it } from 'vitest';
import { aWhile, settleIn, type Room, type Sitting } from './room.ts';
import type { ScriptedTarget } from './subject.ts';

const mib = 1024 * 1024;
/** Bytes of the large result. */
const large = 256 * mib;
/** What the kernel may hold on two connections, both ways, besides what we do. */
const kernel = 32 * mib;
/** What may be in our hands, and in those of the scripted target and the client, which live in the same process. */
const ours = 16 * mib;

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

/** Bytes outside of the JavaScript heap that are still referred to. What is not is given back by another thread, soon after the collection. */
async function held(): Promise<number> {
  if (typeof collect === 'function') collect();
  await aWhile(30);
  if (typeof collect === 'function') collect();
  await aWhile(30);
  return process.memoryUsage().arrayBuffers;
}

/** Memory, time and patience have limits. */
export function boundsExam(room: () => Room): void {
  it('a message over the limit ends the session with a word, and its announced size costs no memory', async () => {
    const { oversize, refusals } = room().subject;
    await using sitting = await room().scripted({ settings: oversize.settings });
    const { client, target, session } = sitting;
    const before = await held();
    client.send(oversize.bytes);
    await client.closed;
    expect(refusals(client.received)).toHaveLength(1);
    expect(await session.end).toMatchObject({ by: 'failed' });
    expect((await held()) - before).toBeLessThan(2 * mib);
    expect(target.received().length).toBe(0);
  });

  it('a client that does not read stops the target, and one that reads slowly gets every byte, in bounded memory', { timeout: 120_000 }, async () => {
    const { read, bulk } = room().subject;
    await using sitting = await room().scripted();
    const { client, target } = sitting;
    target.mood = 'is silent';
    client.keeps = false;
    client.send((bulk.ask ?? read).bytes);
    await expect.poll(() => target.received().length).toBeGreaterThan(0);
    const began = client.count;
    client.pause();
    const before = await held();
    const feed = new Feed(target.stream?.() ?? target.connection(), bulk);
    await feed.stalls();
    expect(feed.sent).toBeLessThan(kernel + ours);
    expect((await held()) - before).toBeLessThan(ours);
    let peak = 0;
    for (let turn = 0; client.count - began < feed.total; turn++) {
      client.resume();
      await new Promise((resolve) => setImmediate(resolve));
      if (turn % 50 === 0) {
        client.pause();
        await aWhile(1);
      }
      if (turn % 500 === 0) {
        client.pause();
        peak = Math.max(peak, (await held()) - before);
      }
    }
    expect(client.count - began).toBe(feed.total);
    expect(peak).toBeLessThan(ours);
  });

  it.each(['is idle', 'waits for the target', 'waits for people', 'waits for its evidence', 'is full to the brim'] as const)('a kill closes both sides within a second, with a word: a session that %s', async (state) => {
    await using sitting = await room().scripted();
    await bring(sitting, state);
    const { client, session } = sitting;
    const target = once(sitting.target.connection(), 'close');
    const began = performance.now();
    session.kill(refusal('closing', 'an operator has ended this session', 'request-9'));
    if (state !== 'is full to the brim') {
      await client.closed;
      expect(room().subject.refusals(client.received).at(-1)).toContain('an operator has ended this session');
    }
    expect(await session.end).toMatchObject({ by: 'killed' });
    await target;
    expect(performance.now() - began).toBeLessThan(1000);
    client.resume();
    await client.closed;
  });

  async function bring(sitting: Sitting & { readonly target: ScriptedTarget }, state: string): Promise<void> {
    const { read, change, bulk } = room().subject;
    const { client, target, ports } = sitting;
    await settleIn(sitting, room().subject);
    target.mood = 'is silent';
    switch (state) {
      case 'waits for the target':
        client.send(read.bytes);
        await expect.poll(() => target.received().length).toBeGreaterThan(0);
        return;
      case 'waits for people':
        ports.decide = hold;
        client.send(change.bytes);
        await expect.poll(() => ports.opened.length).toBe(1);
        return;
      case 'waits for its evidence':
        ports.autoDurable = false;
        client.send(change.bytes);
        await expect.poll(() => ports.recorded.length).toBe(1);
        return;
      case 'is full to the brim':
        client.keeps = false;
        client.send((bulk.ask ?? read).bytes);
        await expect.poll(() => target.received().length).toBeGreaterThan(0);
        client.pause();
        await new Feed(target.stream?.() ?? target.connection(), bulk).stalls();
        return;
      default:
        return;
    }
  }
}

/** Plays a large result, as fast as it is taken. */
class Feed {
  sent = 0;
  readonly total: number;
  #go: () => void = () => undefined;
  readonly #socket: Writable;

  constructor(socket: Writable, { begin, piece, end }: { readonly begin: Buffer; readonly piece: Buffer; readonly end: Buffer }) {
    this.#socket = socket;
    const count = Math.ceil(large / piece.length);
    this.total = begin.length + count * piece.length + end.length;
    socket.on('drain', () => this.#go());
    socket.on('close', () => this.#go());
    void this.#play([begin], piece, count, end);
  }

  async #play(begin: readonly Buffer[], piece: Buffer, count: number, end: Buffer): Promise<void> {
    for (const bytes of begin) await this.#write(bytes);
    for (let i = 0; i < count && !this.#socket.destroyed; i++) await this.#write(piece);
    await this.#write(end);
  }

  async #write(bytes: Buffer): Promise<void> {
    if (this.#socket.destroyed) return;
    const taken = this.#socket.write(bytes);
    this.sent += bytes.length;
    if (!taken) await new Promise<void>((resolve) => (this.#go = resolve));
  }

  /** Resolves when nothing more was taken for a while. */
  async stalls(): Promise<void> {
    for (let before = -1; before !== this.sent; ) {
      before = this.sent;
      await aWhile(300);
    }
  }
}
