import { jetstreamManager } from '@nats-io/jetstream';
import { Child } from '@sallyport/testing-servers';
import { expect, it } from 'vitest';
import { startNats } from './testing/nats.ts';

const entry = new URL('./bootstrap.ts', import.meta.url).pathname;
const run = async (env: Record<string, string>) => {
  await using child = new Child(process.execPath, ['--conditions=@sallyport/source', entry], { env });
  return { code: await child.ended(), output: child.output };
};

it('makes streams and buckets, brings them to its settings when run again, and keeps what they hold', async () => {
  await using nats = await startNats({ streams: false });
  const env = { SALLYPORT_NATS: nats.url, SALLYPORT_NATS_PASSWORD: 'of-bootstrap' };
  expect((await run(env)).code).toBe(0);
  const gateway = await nats.connect('gateway');
  await gateway.js.publish('ingest.gateway-1.event', 'kept');
  await gateway.js.publish('ingest.gateway-1.event', 'twice', { msgID: 'a' });
  expect((await gateway.js.publish('ingest.gateway-1.event', 'twice', { msgID: 'a' })).duplicate).toBe(true);
  expect((await run({ ...env, SALLYPORT_INGEST_BYTES: '2000000' })).code).toBe(0);
  const manager = await jetstreamManager((await nats.connect('bootstrap')).nc);
  const { config, state } = await manager.streams.info('INGEST');
  expect(config).toMatchObject({ subjects: ['ingest.>'], discard: 'new', storage: 'file', deny_delete: true, deny_purge: true, max_bytes: 2_000_000, max_age: 72 * 3600 * 1e9, duplicate_window: 120 * 1e9, num_replicas: 1 });
  expect(state.messages).toBe(2);
  // A full stream refuses, so that the producer keeps what it has; it does not make room by forgetting.
  const full = Array.from({ length: 30 }, () => gateway.js.publish('ingest.gateway-1.event', new Uint8Array(100_000)));
  expect((await Promise.allSettled(full)).filter((one) => one.status === 'rejected').length).toBeGreaterThan(5);
  expect((await manager.streams.info('INGEST')).state.first_seq).toBe(1);
});

it('ends with 2 and names the variables that are missing', async () => {
  expect(await run({ SALLYPORT_NATS: '', SALLYPORT_NATS_PASSWORD: '' })).toMatchObject({ code: 2, output: expect.stringMatching(/^SALLYPORT_NATS: .*\nSALLYPORT_NATS_PASSWORD: /) });
});
