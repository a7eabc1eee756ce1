import { cosignatureVerifier, cosignaturesOf, parseCheckpoint, parseNote } from '@sallyport/engine-evidence';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, house, type House } from '../testing/house.ts';
import { end, openSession, Producer, runCommand } from '../testing/producer.ts';
import { TestWitness } from '../testing/test-witness.ts';

let h: House;
let one: TestWitness;
let two: TestWitness;
const origin = 'sallyport.local/default/1';

beforeAll(async () => {
  [one, two] = [await new TestWitness('witness.test/one').start(), await new TestWitness('witness.test/second').start()];
  h = await house({ signEveryMs: 100 }, { SALLYPORT_WITNESSES: `${one.address}\n ${two.address}` });
});
afterAll(async () => {
  await h[Symbol.asyncDispose]();
  await Promise.all([one[Symbol.asyncDispose](), two[Symbol.asyncDispose]()]);
});

async function work(commands: number): Promise<void> {
  const producer = new Producer(h.gateway);
  const { recorder } = openSession(producer, h.reader.publicKey);
  for (let n = 0; n < commands; n++) runCommand(recorder, `select ${n}`);
  recorder.close(end);
  await producer.send();
}

const count = async () => Number((await h.sql('select count(*)::int as n from evidence.ledger'))[0]?.['n']);
const last = async () => String((await h.sql('select note from evidence.checkpoints where note is not null order by epoch desc, size desc limit 1'))[0]?.['note'] ?? '');
const names = (note: string) => cosignaturesOf(parseNote(note), [one, two].map(({ key }) => cosignatureVerifier(key))).map(({ name }) => name).sort();
const told = async () => (await h.events()).filter(({ type }) => type === 'log.witness_refused').map(({ d }) => d);
/** The newest checkpoint, over everything, has these cosignatures. */
const witnessedBy = (...by: string[]) => eventually(`a checkpoint that ${by.join(' and ')} cosigned`, async () => {
  const note = await last();
  if (note === '') return false;
  return parseCheckpoint(parseNote(note).text).size === (await count()) && names(note).join() === by.join();
});

describe('witnesses', () => {
  it('cosign what the log signs, and the served note has their lines', async () => {
    await work(20);
    await witnessedBy(one.name, two.name);
    await work(300);
    await witnessedBy(one.name, two.name);
    expect(one.last.get(origin)?.size).toBe(await count());
  });

  it('that are away, or fail, keep up nothing, and go on with the newest', async () => {
    two.fails = 500;
    await work(20);
    await witnessedBy(one.name);
    const before = two.last.get(origin)?.size;
    two.fails = null;
    await witnessedBy(one.name, two.name);
    expect(two.last.get(origin)?.size).toBeGreaterThan(before ?? Infinity);
  });

  it('are asked from where they stand, also after a restart', async () => {
    await h.stop();
    await h.start();
    await work(5);
    await witnessedBy(one.name, two.name);
    expect(await told()).toEqual([]);
  });

  it('are stored by a function only, and what is stored stays', async () => {
    await expect(h.sql("update evidence.checkpoint_cosignature set line = line || 'x'")).rejects.toThrow(/only ever added/);
    await expect(h.sql('truncate evidence.checkpoint_cosignature')).rejects.toThrow();
    const [right] = await h.sql("select has_table_privilege('sallyport_evidence', 'evidence.checkpoint_cosignature', 'insert, update, delete, select') as any");
    expect(right).toEqual({ any: false });
  });

  it('that have cosigned more than there is say so: one event, and the log goes on', async () => {
    const real = one.last.get(origin);
    one.last.set(origin, { origin, size: 1_000_000, root: new Uint8Array(32) });
    await work(1);
    await eventually('log.witness_refused', async () => (await told()).length > 0);
    await work(3);
    await witnessedBy(two.name);
    expect(await told()).toEqual([{ origin, size: expect.any(Number), witness: one.name, witness_size: 1_000_000, why: 'ahead' }]);
    if (real !== undefined) one.last.set(origin, real);
    await witnessedBy(one.name, two.name);
  });

  it('that have cosigned another history say so too, each time that it begins', async () => {
    const real = two.last.get(origin);
    two.last.set(origin, { origin, size: real?.size ?? 1, root: new Uint8Array(32).fill(1) });
    await work(4);
    await eventually('a second event', async () => (await told()).length === 2);
    expect((await told())[1]).toEqual({ origin, size: expect.any(Number), witness: two.name, witness_size: real?.size, why: 'inconsistent' });
  });
});
