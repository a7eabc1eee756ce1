import { Child, freePort, startNats, until, type NatsServer } from '@sallyport/testing-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let nats: NatsServer;
beforeAll(async () => {
  nats = await startNats({ streams: false });
});
afterAll(() => nats[Symbol.asyncDispose]());

const sample = new URL('./testing/sample.ts', import.meta.url).pathname;

function start(env: Record<string, string>): Child {
  return new Child(process.execPath, ['--conditions=@sallyport/source', sample], {
    env: { SALLYPORT_NATS: nats.url, SALLYPORT_NATS_PASSWORD: nats.passwords.masking, SALLYPORT_HTTP: '127.0.0.1:0', SAMPLE: 'run', SAMPLE_KEY: 'long-enough-secret', ...env },
  });
}

const says = (child: Child, text: string) => until(child, () => Promise.resolve(child.output.includes(text)));
const parts = (child: Child) => [...child.output.matchAll(/"part":"(\w+)","msg":"stops"/g)].map((match) => match[1]);

describe('a service as a process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('says once that it is ready, goes down in order on %s and ends with 0', async (signal) => {
    await using child = start({});
    await says(child, '"msg":"ready"');
    expect(child.output.match(/"msg":"ready"/g)).toHaveLength(1);
    child.process.kill(signal);
    expect(await child.ended()).toBe(0);
    expect(parts(child)).toEqual(['service', 'outbox', 'store']);
  });

  it('ends with 2 and one line for each wrong variable, without their values', async () => {
    await using child = start({ SALLYPORT_NATS: '', SALLYPORT_HTTP: 'nowhere', SAMPLE: 'wrong', SAMPLE_KEY: 'hunter2' });
    expect(await child.ended()).toBe(2);
    expect(child.output.trim().split('\n').sort()).toEqual([
      'SALLYPORT_HTTP: expected host:port',
      'SALLYPORT_NATS: is not set',
      'SAMPLE: Invalid option: expected one of "run"|"refuse"|"throw"|"hang"',
      'SAMPLE_KEY: Too small: expected string to have >=10 characters',
    ]);
  });

  it.each([
    ['refuse', 'the sample does not want to start'],
    ['throw', 'uncaught: the process ends'],
  ])('ends with 1 and the reason in the log: %s', async (how, reason) => {
    await using child = start({ SAMPLE: how });
    expect(await child.ended()).toBe(1);
    expect(child.output).toContain(reason);
  });

  it('ends with 1 when the bus does not know it, or its port is taken', async () => {
    await using stranger = start({ SALLYPORT_NATS_PASSWORD: 'hunter2-hunter2' });
    expect(await stranger.ended()).toBe(1);
    expect(stranger.output).toContain('ERR_BUS_UNAVAILABLE');
    expect(stranger.output).not.toContain('hunter2');
    await using second = start({ SALLYPORT_HTTP: `127.0.0.1:${nats.port}` });
    expect(await second.ended()).toBe(1);
    expect(second.output).toContain('EADDRINUSE');
  });

  it('ends at once on a second signal, when the first does not come to an end', async () => {
    await using child = start({ SAMPLE: 'hang' });
    await says(child, '"msg":"ready"');
    child.process.kill('SIGTERM');
    await says(child, '"part":"service"');
    child.process.kill('SIGTERM');
    expect(await child.ended()).toBe(1);
  });

  it('answers on its health pages while it waits for the bus', async () => {
    const port = await freePort();
    await using child = start({ SALLYPORT_NATS: `nats://127.0.0.1:${await freePort()}`, SALLYPORT_HTTP: `127.0.0.1:${port}` });
    await says(child, 'waiting for the bus');
    expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([503, { ready: false, waiting: { service: 'start', bus: 'a connection to the bus' } }]);
    await child.kill9();
  });
});
