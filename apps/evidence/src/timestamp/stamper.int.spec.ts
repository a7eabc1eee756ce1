import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { verifyToken } from '@sallyport/engine-evidence';
import { logCheckpoint } from '@sallyport/platform-bus';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, house, type House } from '../testing/house.ts';
import { end, openSession, Producer, runCommand } from '../testing/producer.ts';
import { TestTsa } from '../testing/test-tsa.ts';
import { readCertificates } from './authority.ts';
import { verifyTimestamp } from './verify-token.ts';

let h: House;
let tsa: TestTsa;
beforeAll(async () => {
  tsa = await TestTsa.start();
  // Sixty of these are between two timestamps.
  h = await house({ signEveryMs: 50 }, { SALLYPORT_TSA: `${tsa.url} ${tsa.caFile}` });
});
afterAll(async () => {
  await h[Symbol.asyncDispose]();
  await tsa[Symbol.asyncDispose]();
});

async function work(): Promise<void> {
  const producer = new Producer(h.gateway);
  const { recorder } = openSession(producer, h.reader.publicKey);
  runCommand(recorder, 'select 1');
  recorder.close(end);
  await producer.send();
}

const tokens = () => h.sql('select t.token, t.gen_time, t.authority, c.note from evidence.checkpoint_timestamp t join evidence.checkpoint c using (epoch, size) order by t.size');

describe('timestamps of the log', () => {
  it('are kept with the checkpoint whose text they are of', async () => {
    await work();
    await eventually('a timestamp', async () => (await tokens()).length > 0);
    const [row] = await tokens();
    const text = String(row?.['note']).split('\n\n')[0];
    const imprint = createHash('sha256').update(`${text}\n`).digest();
    const { time } = verifyTimestamp({ token: row?.['token'] as Buffer, imprint, nonce: null, trusted: readCertificates(tsa.caFile) });
    expect(row).toMatchObject({ gen_time: time, authority: new URL(tsa.url).host });
    const told = await h.console.call(logCheckpoint, { size: null, stamped: true });
    expect(told).toMatchObject({ ok: true, value: { note: expect.stringContaining('\n\n'), timestamps: [{ authority: new URL(tsa.url).host }] } });
    const first = told.ok ? told.value : null;
    const [stamp] = first?.timestamps ?? [];
    const root = readFileSync(tsa.caFile, 'utf8');
    expect(await verifyToken(Buffer.from(stamp?.token ?? '', 'base64'), Buffer.from(`${first?.note.split('\n\n')[0]}\n`), [root])).toMatchObject({ signer: 'Test TSA' });
  });

  it('are had again when the log has grown, not at once, and an authority that fails is asked again', async () => {
    const had = (await tokens()).length;
    const before = tsa.requests;
    tsa.distort = () => Buffer.from('out of order');
    await work();
    await eventually('a request', () => tsa.requests > before);
    tsa.distort = (answer) => answer;
    await eventually('another timestamp', async () => (await tokens()).length > had);
    expect(tsa.requests - before).toBeLessThan(10);
  });

  it('are only ever added', async () => {
    await expect(h.sql("update evidence.checkpoint_timestamp set gen_time = now()")).rejects.toThrow(/only ever added/);
    await expect(h.sql('delete from evidence.checkpoint_timestamp')).rejects.toThrow(/only ever added/);
  });
});
