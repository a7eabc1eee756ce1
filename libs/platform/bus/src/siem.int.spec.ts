import { AckPolicy, jetstreamManager } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from './bus.ts';
import { PullConsumer } from './pull.ts';
import { serviceNames } from './services.ts';
import { startNats, type Nats } from './testing/nats.ts';

let nats: Nats;
let ledger: Bus;
let splunk: Bus;
let other: Bus;

const burst = { messages: 100, bytes: 1024 ** 2, waitMs: 300 };
const forbidden = /Permissions Violation/;

beforeAll(async () => {
  nats = await startNats({ siems: ['splunk', 'second'] });
  [ledger, splunk, other] = await Promise.all([nats.connect('evidence'), nats.connect('siem-splunk'), nats.connect('siem-second')]);
  for (const n of [0, 1, 2]) await publish(`event ${n}`, n);
});
afterAll(() => nats[Symbol.asyncDispose]());

/** As the ledger does: behind what is there, or not at all. */
async function publish(text: string, after: number): Promise<void> {
  await ledger.js.publish('evidence.v1.default.command.decided', text, { expect: { lastSequence: after } });
}

async function ask(bus: Bus, subject: string, body = '{}'): Promise<string> {
  return await bus.nc.request(subject, body, { timeout: 700 }).then((answer) => answer.string(), (error: unknown) => (error instanceof Error ? `${error.message} ${error.cause instanceof Error ? error.cause.message : ''}` : 'unknown'));
}

async function hear(bus: Bus, subject: string): Promise<string> {
  return await new Promise((done) => {
    const subscription = bus.nc.subscribe(subject, { callback: (error) => done(error?.message ?? 'a message') });
    void bus.nc.flush().then(() => setTimeout(() => done(''), 20)).finally(() => setTimeout(() => subscription.unsubscribe(), 40));
  });
}

const texts = async (bus: Bus, consumer: string) => (await new PullConsumer(bus, 'EVIDENCE', consumer).take(burst)).map(({ data }) => Buffer.from(data).toString());

describe('a SIEM on the bus', () => {
  it('takes every message of EVIDENCE from its own consumer, in order, and again until it acknowledges', async () => {
    const mine = new PullConsumer(splunk, 'EVIDENCE', 'SIEM_splunk');
    const taken = await mine.take(burst);
    expect(taken.map(({ data }) => Buffer.from(data).toString())).toEqual(['event 0', 'event 1', 'event 2']);
    for (const message of taken) mine.acknowledge(message);
    await splunk.nc.flush();
    expect(await ask(splunk, '$JS.API.CONSUMER.INFO.EVIDENCE.SIEM_splunk', '')).toMatch(/"ack_floor":\{"consumer_seq":3/);
    expect(await texts(other, 'SIEM_second')).toEqual(['event 0', 'event 1', 'event 2']);
  });

  it('has a consumer that bootstrap made, and that it cannot change', async () => {
    const manager = await jetstreamManager((await nats.connect('bootstrap')).nc);
    const { config } = await manager.consumers.info('EVIDENCE', 'SIEM_splunk');
    expect(config).toMatchObject({ durable_name: 'SIEM_splunk', ack_policy: AckPolicy.Explicit, deliver_policy: 'all', max_ack_pending: 1000 });
    for (const verb of ['CREATE', 'DURABLE.CREATE', 'DELETE', 'LEADER.STEPDOWN', 'PAUSE', 'RESET', 'UNPIN']) expect(await ask(splunk, `$JS.API.CONSUMER.${verb}.EVIDENCE.SIEM_splunk`), verb).toMatch(forbidden);
  });

  it('does not touch the consumer of another', async () => {
    for (const subject of ['$JS.API.CONSUMER.MSG.NEXT.EVIDENCE.SIEM_second', '$JS.API.CONSUMER.INFO.EVIDENCE.SIEM_second', '$JS.ACK.EVIDENCE.SIEM_second.1.1.1.1.0', '$JS.API.CONSUMER.MSG.NEXT.INGEST.ledger', '$JS.ACK.INGEST.ledger.1.1.1.1.0']) {
      expect(await ask(splunk, subject), subject).toMatch(forbidden);
    }
  });

  it.each(['EVIDENCE', 'INGEST', 'KV_inventory', 'KV_slices', 'KV_plans', 'NEW'])('neither sees nor changes stream %s', async (stream) => {
    for (const verb of ['INFO', 'CREATE', 'UPDATE', 'DELETE', 'PURGE', 'MSG.GET', 'MSG.DELETE', 'SNAPSHOT', 'RESTORE', 'PEER.REMOVE', 'LEADER.STEPDOWN']) expect(await ask(splunk, `$JS.API.STREAM.${verb}.${stream}`), verb).toMatch(forbidden);
    for (const verb of ['CREATE', 'NAMES', 'LIST', 'CREATE.mine', 'DURABLE.CREATE.mine'].map((name) => name.replace(/^(CREATE|NAMES|LIST|DURABLE\.CREATE)/, `$1.${stream}`))) expect(await ask(splunk, `$JS.API.CONSUMER.${verb}`), verb).toMatch(forbidden);
    expect(await ask(splunk, `$JS.API.DIRECT.GET.${stream}`)).toMatch(forbidden);
  });

  it('publishes nothing: no evidence, no event, no request, no control', async () => {
    for (const subject of ['evidence.v1.default.command.decided', 'evidence.events', 'ingest.gateway-1.event', 'ingest.evidence.event', 'policy.open', 'identity.resolve', 'control.watermark.gateway-1', 'control.session.x.close', 'control.lease.changed', '$KV.inventory.machine.x', '$JS.API.INFO', '$JS.API.STREAM.NAMES', '$JS.API.STREAM.LIST', 'anything', '_INBOX_console.x', '$SYS.REQ.SERVER.PING']) {
      expect(await ask(splunk, subject), subject).toMatch(forbidden);
    }
  });

  it('hears its own inbox and nothing else', async () => {
    for (const subject of ['>', 'evidence.>', 'evidence.v1.>', 'ingest.>', 'control.>', '_INBOX.>', '_INBOX_*.>', '_INBOX_console.>', '_INBOX_siem-second.>', '$JS.>', '$KV.>', '$SYS.>']) expect(await hear(splunk, subject), subject).toMatch(forbidden);
    expect(await hear(splunk, `${splunk.inbox()}.x`)).toBe('');
  });

  it('cannot have its messages delivered back into the stream, since each names the place that it has; the broker’s own empty words may get there', async () => {
    await publish('event 3', 3);
    splunk.nc.publish('$JS.API.CONSUMER.MSG.NEXT.EVIDENCE.SIEM_splunk', '{"batch":10,"no_wait":true}', { reply: 'evidence.v1.default.command.decided' });
    await expect.poll(async () => JSON.parse(await ask(splunk, '$JS.API.CONSUMER.INFO.EVIDENCE.SIEM_splunk', '')) as unknown).toMatchObject({ delivered: { consumer_seq: 4 } });
    await splunk.nc.flush();
    const manager = await jetstreamManager(ledger.nc);
    const { state } = await manager.streams.info('EVIDENCE');
    for (let seq = 5; seq <= state.last_seq; seq++) expect((await manager.streams.getMessage('EVIDENCE', { seq }))?.data).toHaveLength(0);
  });
});

describe('EVIDENCE', () => {
  it('is written by the ledger alone', async () => {
    for (const user of serviceNames.filter((name) => name !== 'evidence')) expect(await ask(await nats.connect(user), 'evidence.v1.default.command.decided'), user).toMatch(forbidden);
    for (const verb of ['CREATE', 'UPDATE', 'DELETE', 'PURGE', 'MSG.DELETE']) expect(await ask(ledger, `$JS.API.STREAM.${verb}.EVIDENCE`), verb).toMatch(forbidden);
  });

  it('refuses to delete or purge whoever asks, ignores roll-ups, and loses its oldest when full', async () => {
    await using open = await startNats({ unlimited: true });
    const manager = await jetstreamManager((await open.connect('bootstrap')).nc);
    const { config } = await manager.streams.info('EVIDENCE');
    expect(config).toMatchObject({ storage: 'file', discard: 'old', deny_delete: true, deny_purge: true, allow_rollup_hdrs: false, max_bytes: 3 * 1024 ** 3, max_age: 30 * 24 * 3600 * 1e9, duplicate_window: 120e9 });
    await expect(manager.streams.purge('EVIDENCE')).rejects.toThrow(/purge not permitted/);
    await expect(manager.streams.deleteMessage('EVIDENCE', 1)).rejects.toThrow(/delete not permitted/);
    await expect(manager.streams.update('EVIDENCE', { deny_delete: false, deny_purge: false })).rejects.toThrow(/can not cancel deny/);
    const all = headers();
    all.set('Nats-Rollup', 'all');
    await expect((await open.connect('evidence')).js.publish('evidence.v1.default.a.b', 'x', { headers: all })).rejects.toThrow(/rollup not permitted/);
  });
});
