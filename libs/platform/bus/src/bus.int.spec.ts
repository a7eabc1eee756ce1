import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { silentLog } from '@sallyport/platform-telemetry';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Bus } from './bus.ts';
import { approvalsWithdraw, fail, maskingPlan, ok, policyGet, sessionClose, type Reply } from './contracts/index.ts';
import { connectBus } from './connect.ts';
import { Handles } from './handles.ts';
import { subjects } from './subjects.ts';
import { BusTransport } from './transport.ts';
import { startNats, type Nats } from './testing/nats.ts';

let release: () => void = () => undefined;

@Controller()
class Plans {
  readonly asked: string[] = [];

  @Handles(maskingPlan)
  async plan(request: { target: string }): Promise<Reply<z.output<typeof maskingPlan.value>>> {
    this.asked.push(request.target);
    if (request.target === 'broken') throw new Error('the password is hunter2');
    if (request.target === 'none') return fail('not-found', 'no such target');
    if (request.target === 'slow') await new Promise<void>((done) => (release = done));
    const columns = request.target === 'huge' ? Array.from({ length: 200_000 }, () => ({ column: 'schema.table.column'.repeat(3), tag: 't', action: 'null' as const })) : [];
    return ok({ revision: 1, plan: { id: 'p', target: request.target, columns, detectors: [], large: [] }, tokenKey: 'k' });
  }
}

@Module({ controllers: [Plans] })
class PlansModule {}

let nats: Nats;
let gateway: Bus;
let masking: Bus;
let identity: Bus;
let transport: BusTransport;
let stopNest: () => Promise<void>;

beforeAll(async () => {
  nats = await startNats();
  [gateway, masking, identity] = await Promise.all([nats.connect('gateway'), nats.connect('masking'), nats.connect('identity')]);
  transport = new BusTransport(masking, 'masking', silentLog);
  const app = await NestFactory.createMicroservice(PlansModule, { strategy: transport, logger: false });
  await app.listen();
  await masking.nc.flush();
  stopNest = () => app.close();
});
afterAll(async () => {
  await stopNest();
  await nats[Symbol.asyncDispose]();
});

describe('a call', () => {
  it('brings back what the handler answers', async () => {
    expect(await gateway.call(maskingPlan, { target: 'ledger-db' })).toEqual(ok({ revision: 1, plan: { id: 'p', target: 'ledger-db', columns: [], detectors: [], large: [] }, tokenKey: 'k' }));
    expect(await gateway.call(maskingPlan, { target: 'none' })).toEqual(fail('not-found', 'no such target'));
  });

  it('is plain JSON both ways, so any client can ask', async () => {
    const answer = await gateway.nc.request('masking.plan', '{"target":"x"}', { timeout: 1000 });
    expect(answer.json()).toMatchObject({ ok: true, value: { plan: { target: 'x' } } });
  });

  it.each(['{"target":1}', '{}', '{"target":"x","more":1}', 'not json', '', '[]', 'null', '{"pattern":"masking.plan","data":{"target":"x"},"id":"1"}'])('is refused as invalid with path and reason: %s', async (body) => {
    const answer = await gateway.nc.request('masking.plan', body, { timeout: 1000 });
    expect(answer.json()).toMatchObject({ ok: false, error: { code: 'invalid', say: expect.stringMatching(/^(target|request): /) } });
  });

  it('says nothing of what a handler threw', async () => {
    const answer = await gateway.call(maskingPlan, { target: 'broken' });
    expect(answer).toMatchObject({ ok: false, error: { code: 'internal', say: expect.stringMatching(/^see the log under [0-9a-f-]{36}$/) } });
  });

  it('is told when the answer is too large for the bus', async () => {
    expect(await gateway.call(maskingPlan, { target: 'huge' })).toMatchObject({ ok: false, error: { code: 'too-large' } });
  });

  it('fails as unavailable when nobody serves, when it takes too long and when the user may not ask', async () => {
    expect(await gateway.call(approvalsWithdraw, { approval: 'a', why: 'w' })).toEqual(fail('unavailable', 'approvals.withdraw: nobody answers'));
    const slow = gateway.call(maskingPlan, { target: 'slow' }, 100);
    expect(await slow).toEqual(fail('unavailable', 'masking.plan: no answer in time'));
    release();
    expect(await gateway.call(policyGet, { version: null })).toMatchObject({ ok: false, error: { code: 'unavailable' } });
  });

  it('fails as internal when the answer is not the contract’s', async () => {
    const console = await nats.connect('console');
    const policy = await nats.connect('policy');
    policy.nc.subscribe('policy.get', { callback: (_, message) => void message.respond('{"ok":true,"value":{"version":"one"}}') });
    await policy.nc.flush();
    const contract = { subject: 'policy.get', request: z.strictObject({}), value: z.strictObject({ version: z.int() }) };
    expect(await console.call(contract, {})).toEqual(fail('internal', 'policy.get: the answer does not fit its contract'));
  });

  it('is not answered on a subject of the caller’s choice', async () => {
    let heard = 0;
    masking.nc.subscribe('masking.stolen', { callback: () => void heard++ });
    await masking.nc.flush();
    gateway.nc.publish('masking.plan', '{"target":"thief"}', { reply: 'masking.stolen' });
    await gateway.call(maskingPlan, { target: 'after' });
    await masking.nc.flush();
    expect(heard).toBe(0);
  });
});

describe('subscribe', () => {
  it('delivers what fits and drops the rest, with wildcards', async () => {
    const closes: unknown[] = [];
    const stop = gateway.subscribe('control.session.*.close', sessionClose, (value, subject) => closes.push([subject, value]));
    await gateway.nc.flush();
    identity.nc.publish(subjects.sessionClose('s1'), 'not json');
    identity.publish(subjects.sessionClose('s1'), { code: 'x' });
    identity.publish(subjects.sessionClose('s1'), { code: 'suspended', say: 'the machine is suspended' });
    await vi.waitFor(() => expect(closes).toEqual([['control.session.s1.close', { code: 'suspended', say: 'the machine is suspended' }]]));
    stop();
    identity.publish(subjects.sessionClose('s2'), { code: 'suspended', say: 'the machine is suspended' });
    await identity.nc.flush();
    await gateway.nc.flush();
    expect(closes).toHaveLength(1);
  });
});

describe('a bucket', () => {
  it('gives the present values before watch resolves, then each change and removal', async () => {
    const mine = await identity.kv('inventory');
    await mine.put('machine.a', { n: 1 });
    await mine.put('machine.b', { n: 1 });
    await mine.put('target.t', { n: 1 });
    await mine.remove('machine.b');
    const seen: unknown[] = [];
    const stop = await (await gateway.kv('inventory')).watch('machine.*', (key, value) => seen.push([key, value]));
    expect(seen).toEqual([['machine.a', { n: 1 }]]);
    await mine.put('machine.a', { n: 2 });
    await mine.put('target.t', { n: 2 });
    await mine.remove('machine.a');
    await vi.waitFor(() => expect(seen).toEqual([['machine.a', { n: 1 }], ['machine.a', { n: 2 }], ['machine.a', null]]));
    stop();
    expect((await mine.keys()).sort()).toEqual(['target.t']);
    expect(await mine.get('machine.a')).toBeNull();
    expect(await mine.get('target.t')).toEqual({ n: 2 });
  });

  it('resolves at once when there is nothing, and when all there was is removed', async () => {
    const plans = await masking.kv('plans');
    const seen: unknown[] = [];
    await plans.watch('>', (key, value) => seen.push([key, value]));
    await plans.put('ledger-db', 1);
    await vi.waitFor(() => expect(seen).toEqual([['ledger-db', 1]]));
    await plans.remove('ledger-db');
    await plans.watch('>', (key, value) => seen.push(['again', key, value]));
    expect(seen.filter((one) => Array.isArray(one) && one[0] === 'again')).toEqual([]);
  });

  it('is refused when it does not exist or the user may not', async () => {
    await expect(gateway.kv('nothing')).rejects.toMatchObject({ code: 'ERR_BUCKET_UNAVAILABLE' });
    await expect((await nats.connect('approvals')).kv('slices')).rejects.toMatchObject({ code: 'ERR_BUCKET_UNAVAILABLE' });
  });
});

describe('a connection', () => {
  it('is refused at once with a wrong password, and says so without it', async () => {
    const wrong = connectBus({ servers: nats.url, user: 'policy', password: 'hunter2-hunter2', name: 't', log: silentLog });
    await expect(wrong).rejects.toMatchObject({ code: 'ERR_BUS_UNAVAILABLE', message: expect.not.stringContaining('hunter2') });
  });

  it('waits for the bus no longer than it was told', async () => {
    await expect(connectBus({ servers: 'nats://127.0.0.1:1', user: 'policy', password: 'x', name: 't', log: silentLog, patienceMs: 300 })).rejects.toMatchObject({ code: 'ERR_BUS_UNAVAILABLE' });
  });

  it('comes back after the server was killed: calls, subscriptions and watches go on, and what changed meanwhile is told', async () => {
    const mine = await identity.kv('inventory');
    const seen: unknown[] = [];
    await (await gateway.kv('inventory')).watch('person.*', (key, value) => seen.push([key, value]));
    const closes: unknown[] = [];
    gateway.subscribe('control.session.*.close', sessionClose, (value) => closes.push(value));
    await mine.put('person.a', 1);
    await vi.waitFor(() => expect(seen).toEqual([['person.a', 1]]));
    await nats.kill9();
    await vi.waitFor(() => expect(gateway.connected).toBe(false));
    expect(await gateway.call(maskingPlan, { target: 'x' }, 300)).toMatchObject({ ok: false, error: { code: 'unavailable' } });
    await nats.restart();
    await vi.waitFor(() => expect([gateway, masking, identity].every((bus) => bus.connected)).toBe(true), 10_000);
    await vi.waitFor(async () => expect((await gateway.call(maskingPlan, { target: 'x' }, 500)).ok).toBe(true), 10_000);
    await vi.waitFor(() => mine.put('person.b', 2), 10_000);
    await mine.remove('person.a');
    await vi.waitFor(() => expect(seen).toEqual(expect.arrayContaining([['person.a', 1], ['person.b', 2], ['person.a', null]])), 10_000);
    expect(seen).toHaveLength(3);
    identity.publish(subjects.sessionClose('s'), { code: 'c', say: 's' });
    await vi.waitFor(() => expect(closes).toHaveLength(1));
  });
});

describe('the end of a service', () => {
  it('answers what it has begun and takes nothing new', async () => {
    const begun = gateway.call(maskingPlan, { target: 'slow' }, 5000);
    await vi.waitFor(() => expect(release).not.toBe(undefined));
    await gateway.nc.flush();
    await new Promise<void>((done) => setTimeout(done, 50));
    const closed = transport.close();
    await masking.nc.flush();
    expect(await gateway.call(maskingPlan, { target: 'late' }, 500)).toMatchObject({ ok: false, error: { code: 'unavailable' } });
    release();
    await closed;
    expect((await begun).ok).toBe(true);
  });
});
