import { AckPolicy, jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from './bus.ts';
import { serviceNames, type BusUser } from './services.ts';
import { startNats, type Nats } from './testing/nats.ts';

let nats: Nats;
const buses = new Map<BusUser, Bus>();

beforeAll(async () => {
  nats = await startNats({ gateways: ['gw-1', 'gw-2'] });
  for (const user of [...serviceNames, 'bootstrap'] as const) buses.set(user, await nats.connect(user));
});
afterAll(() => nats[Symbol.asyncDispose]());

function as(user: BusUser): Bus {
  const bus = buses.get(user);
  if (bus === undefined) throw new Error(`${user} is not connected`);
  return bus;
}

/** The server's answer to a request with an empty or given body, or why there is none. */
async function ask(user: BusUser, subject: string, body = ''): Promise<string> {
  return await as(user).nc.request(subject, body, { timeout: 1000 }).then(
    (answer) => answer.string(),
    (error: unknown) => (error instanceof Error ? `${error.message} ${error.cause instanceof Error ? error.cause.message : ''}` : 'unknown'),
  );
}

/** The server's word on a subscription: empty when it is taken. */
async function hear(user: BusUser, subject: string): Promise<string> {
  return await new Promise((done) => {
    const subscription = as(user).nc.subscribe(subject, { callback: (error) => done(error?.message ?? 'a message') });
    void as(user).nc.flush().then(() => setTimeout(() => done(''), 20)).finally(() => setTimeout(() => subscription.unsubscribe(), 40));
  });
}

describe('rights on the bus', () => {
  const forbidden = /Permissions Violation/;

  it('lets a producer publish its own events and nobody else do it', async () => {
    const owners: Record<string, BusUser> = { 'gw-1': 'gateway', 'gw-2': 'gateway', policy: 'policy', approvals: 'approvals', masking: 'masking', identity: 'identity', evidence: 'evidence', governance: 'governance', sinks: 'sinks' };
    for (const [producer, owner] of Object.entries(owners)) {
      for (const user of [...serviceNames, 'bootstrap'] as const) {
        const answer = await ask(user, `ingest.${producer}.event`, 'x');
        if (user === owner) expect(answer, `${user} as ${producer}`).toContain('"stream":"INGEST"');
        else expect(answer, `${user} as ${producer}`).toMatch(forbidden);
      }
    }
  });

  it.each([...serviceNames])('does not let %s make, change, empty or delete a stream or a durable consumer', async (user) => {
    for (const stream of ['INGEST', 'KV_inventory', 'KV_slices', 'OTHER']) {
      for (const verb of ['CREATE', 'UPDATE', 'DELETE', 'PURGE', 'MSG.DELETE', 'SNAPSHOT', 'RESTORE']) expect(await ask(user, `$JS.API.STREAM.${verb}.${stream}`, '{}'), `${verb} ${stream}`).toMatch(forbidden);
    }
    for (const subject of ['CONSUMER.DURABLE.CREATE.INGEST.mine', 'CONSUMER.CREATE.INGEST', 'CONSUMER.CREATE.INGEST.mine', 'CONSUMER.DELETE.INGEST.ledger', 'STREAM.MSG.GET.INGEST', 'DIRECT.GET.INGEST', 'STREAM.NAMES', 'STREAM.LIST']) {
      expect(await ask(user, `$JS.API.${subject}`, '{}'), subject).toMatch(forbidden);
    }
  });

  it('does not let bootstrap delete or empty a stream either', async () => {
    for (const verb of ['DELETE', 'PURGE', 'MSG.DELETE']) expect(await ask('bootstrap', `$JS.API.STREAM.${verb}.INGEST`, '{}'), verb).toMatch(forbidden);
    expect(await ask('bootstrap', '$JS.API.CONSUMER.DELETE.INGEST.ledger')).toMatch(forbidden);
  });

  it('has a broker that refuses to purge or to lift the flag, whoever asks', async () => {
    await using open = await startNats({ unlimited: true });
    const admin = await open.connect('bootstrap');
    const manager = await jetstreamManager(admin.nc);
    await expect(manager.streams.purge('INGEST')).rejects.toThrow(/purge not permitted/);
    await expect(manager.streams.deleteMessage('INGEST', 1)).rejects.toThrow(/delete not permitted/);
    await expect(manager.streams.update('INGEST', { deny_delete: false, deny_purge: false })).rejects.toThrow(/can not cancel deny/);
  });

  it('gives the ledger its messages and nobody else', async () => {
    const consumer = await as('evidence').js.consumers.get('INGEST', 'ledger');
    const info = await consumer.info();
    expect(info.config).toMatchObject({ ack_policy: AckPolicy.Explicit, max_ack_pending: 10_000, durable_name: 'ledger' });
    await as('gateway').js.publish('ingest.gw-1.event', 'for the ledger');
    for await (const message of await consumer.fetch({ max_messages: 50, expires: 1000 })) message.ack();
    for (const user of serviceNames.filter((name) => name !== 'evidence')) {
      expect(await ask(user, '$JS.API.CONSUMER.MSG.NEXT.INGEST.ledger', '{"batch":1}'), user).toMatch(forbidden);
      expect(await hear(user, 'ingest.>'), user).toMatch(forbidden);
      expect(await hear(user, 'ingest.gw-1.event'), user).toMatch(forbidden);
    }
  });

  it('does not let a user read the inbox of another', async () => {
    for (const user of serviceNames) {
      for (const other of serviceNames.filter((name) => name !== user)) expect(await hear(user, `_INBOX_${other}.>`), `${user} on ${other}`).toMatch(forbidden);
      for (const subject of ['>', '_INBOX.>', '_INBOX_*.>', '$JS.>', '$KV.>', '*.resolve']) expect(await hear(user, subject), `${user} on ${subject}`).toMatch(forbidden);
    }
  });

  it('does not let a service answer in the place of another, or ask what is not its business', async () => {
    for (const user of serviceNames.filter((name) => name !== 'identity')) expect(await hear(user, 'identity.resolve'), user).toMatch(forbidden);
    for (const user of serviceNames.filter((name) => name !== 'policy')) expect(await hear(user, 'policy.open'), user).toMatch(forbidden);
    for (const subject of ['approvals.vote', 'evidence.events', 'evidence.replay']) {
      for (const user of serviceNames.filter((name) => name !== 'console')) expect(await ask(user, subject, '{}'), `${user} ${subject}`).toMatch(forbidden);
    }
    // Governance activates what people have approved; the services hold it to that approval.
    for (const subject of ['policy.apply', 'identity.apply', 'masking.apply', 'sinks.apply']) {
      for (const user of serviceNames.filter((name) => name !== 'console' && name !== 'governance')) expect(await ask(user, subject, '{}'), `${user} ${subject}`).toMatch(forbidden);
    }
    for (const user of serviceNames.filter((name) => name !== 'gateway')) expect(await ask(user, 'approvals.consume', '{}'), user).toMatch(forbidden);
  });

  it('lets the ledger answer the console, governance and the sinks, and send to nobody else', async () => {
    as('evidence').nc.subscribe('evidence.sessions', { callback: (_, message) => void message.respond('the sessions') });
    await as('evidence').nc.flush();
    expect(await ask('console', 'evidence.sessions')).toBe('the sessions');
    for (const other of serviceNames.filter((name) => name !== 'console' && name !== 'governance' && name !== 'sinks')) expect(await ask('evidence', `_INBOX_${other}.x`), other).toMatch(forbidden);
  });

  it('lets only the ledger set a watermark, and only the writer of a bucket change it', async () => {
    for (const user of serviceNames.filter((name) => name !== 'evidence')) expect(await ask(user, 'control.watermark.gw-1', '{}'), user).toMatch(forbidden);
    const writers: Record<string, BusUser> = { inventory: 'identity', slices: 'policy', plans: 'masking' };
    for (const [bucket, writer] of Object.entries(writers)) {
      for (const user of serviceNames) {
        const answer = await ask(user, `$KV.${bucket}.machine.x`, '{}');
        if (user === writer) expect(answer).toContain(`"stream":"KV_${bucket}"`);
        else expect(answer, `${user} ${bucket}`).toMatch(forbidden);
      }
    }
  });
});
