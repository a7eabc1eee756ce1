import 'reflect-metadata';
import { request } from 'node:https';
import { Body, Controller, Get, Module, Post } from '@nestjs/common';
import { maskingPlan, ok } from '@sallyport/platform-bus';
import { Handles } from '@sallyport/platform-bus';
import { silentLog } from '@sallyport/platform-telemetry';
import { startNats, tlsMaterial, type NatsServer } from '@sallyport/testing-stack';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { boot } from './boot.ts';
import type { ServiceDefinition } from './service.ts';

@Controller()
class Sample {
  @Get('hello')
  hello() {
    return { hello: 'world' };
  }

  @Post('echo')
  echo(@Body() body: unknown) {
    return body;
  }

  @Get('broken')
  broken() {
    throw new Error('the password is hunter2');
  }

  @Handles(maskingPlan)
  async plan(asked: { target: string }) {
    return ok({ revision: 1, plan: { id: 'p', target: asked.target, columns: [], detectors: [], large: [] }, tokenKey: 'k' });
  }
}

@Module({ controllers: [Sample] })
class SampleModule {}

let nats: NatsServer;
beforeAll(async () => {
  nats = await startNats({ streams: false });
});
afterAll(() => nats[Symbol.asyncDispose]());

const env = () => ({ SALLYPORT_NATS: nats.url, SALLYPORT_NATS_PASSWORD: nats.passwords.masking, SALLYPORT_HTTP: '127.0.0.1:0' });
const definition = { name: 'masking', config: z.object({}), start: () => Promise.resolve({ module: SampleModule }) } satisfies ServiceDefinition<object>;

describe('a booted service', () => {
  it('serves its bus subjects, its HTTP controllers, health and metrics on one port', async () => {
    const running = await boot(definition, env(), silentLog);
    const gateway = await nats.connect('gateway');
    expect((await gateway.call(maskingPlan, { target: 'ledger-db' })).ok).toBe(true);
    const get = async (path: string) => fetch(`http://${running.http}${path}`);
    expect(await (await get('/hello')).json()).toEqual({ hello: 'world' });
    expect(await (await get('/livez')).json()).toEqual({ live: true });
    expect(await (await get('/readyz')).json()).toEqual({ ready: true, waiting: {} });
    expect(await (await get('/metrics')).text()).toMatch(/^sallyport_ready 1$/m);
    const none = await get('/nothing');
    expect([none.status, none.headers.get('x-powered-by')]).toEqual([404, null]);
    const broken = await get('/broken');
    expect([broken.status, await broken.text()]).toEqual([500, expect.not.stringContaining('hunter2')]);
    await running.stop();
    await running.stop();
    await expect(get('/livez')).rejects.toThrow();
    expect(await gateway.call(maskingPlan, { target: 'x' }, 500)).toMatchObject({ ok: false, error: { code: 'unavailable' } });
  });

  it('says what it waits for: by its own checks, and when the bus is lost', async () => {
    let why: string | null = 'the first slice';
    const running = await boot({ ...definition, start: ({ readiness }) => (readiness.add('policy', () => why), Promise.resolve({ module: SampleModule })) }, env(), silentLog);
    const ready = async () => (await fetch(`http://${running.http}/readyz`)).json();
    expect(await ready()).toEqual({ ready: false, waiting: { policy: 'the first slice' } });
    why = null;
    expect(await ready()).toEqual({ ready: true, waiting: {} });
    await nats.stop();
    await vi.waitFor(async () => expect(await ready()).toEqual({ ready: false, waiting: { bus: 'a connection to the bus' } }));
    await nats.restart();
    await vi.waitFor(async () => expect(await ready()).toEqual({ ready: true, waiting: {} }), 10_000);
    await running.stop();
  });

  it('refuses a body over its limit, and takes one within', async () => {
    const running = await boot({ ...definition, http: { bodyLimit: 1000 } }, env(), silentLog);
    const post = (size: number) => fetch(`http://${running.http}/echo`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ a: 'x'.repeat(size) }) });
    expect((await post(900)).status).toBe(201);
    expect((await post(1100)).status).toBe(413);
    await running.stop();
  });

  it('speaks TLS when it is given a certificate', async () => {
    await using tls = await tlsMaterial();
    const running = await boot({ ...definition, http: { tls: () => tls.pem } }, env(), silentLog);
    const port = Number(running.http.split(':').at(-1));
    const status = await new Promise((done, failed) => request({ host: '127.0.0.1', port, path: '/livez', ca: tls.pem.ca, servername: 'localhost' }, (response) => done(response.resume().statusCode)).on('error', failed).end());
    expect(status).toBe(200);
    await running.stop();
  });

  it('takes down what it had started when a later part fails', async () => {
    const stopped: string[] = [];
    const failing = { ...definition, start: () => Promise.resolve({ module: { module: SampleModule, imports: [Promise.reject(new Error('no such module'))] }, stop: () => Promise.resolve(void stopped.push('service')), store: { close: () => Promise.resolve(void stopped.push('store')) } }) };
    await expect(boot(failing, env(), silentLog)).rejects.toThrow('no such module');
    expect(stopped).toEqual(['service', 'store']);
  });
});
