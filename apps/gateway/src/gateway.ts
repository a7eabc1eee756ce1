import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { refusal, systemClock } from '@sallyport/domain-model';
import { openingSealer } from '@sallyport/engine-evidence';
import { gatewayHealthEvery, sessionClose, subjects, type Bus } from '@sallyport/platform-bus';
import { natsJournalBus, openJournal, type Journal } from '@sallyport/platform-journal';
import type { Readiness, ServiceContext } from '@sallyport/platform-runtime';
import { EnvSecrets, FileSecrets, SecretSource } from '@sallyport/platform-secrets';
import { gauge, type Log } from '@sallyport/platform-telemetry';
import { ApprovalAnswers } from './approvals/approvals.ts';
import type { GatewayConfig } from './config.ts';
import { GatewayChain } from './evidence/gateway-chain.ts';
import { Interruptions } from './evidence/interruptions.ts';
import { openInstanceKey } from './evidence/instance.ts';
import { startPulse } from './evidence/pulse.ts';
import { SealingKeys } from './evidence/sealing-keys.ts';
import { Targets } from './inventory/targets.ts';
import { LeaseKeeper } from './leases/lease-keeper.ts';
import { Slices } from './leases/slices.ts';
import { listen } from './listeners/listen.ts';
import { Plans } from './masking/plans.ts';
import { missingNative, protocols } from './protocols.ts';
import { LiveSessions } from './sessions/live-sessions.ts';
import { serveConnection, type House } from './sessions/serve-connection.ts';

const version = '0.1.0';
/** How long sessions may take to say goodbye, in milliseconds. */
const goodbye = 5_000;

/** The data plane: everything joined. Decides nothing by itself. */
export class Gateway {
  readonly #servers: Server[] = [];
  readonly #stops: (() => void)[] = [];
  readonly #stopping = new AbortController();
  readonly #house: House;
  readonly #journal: Journal;
  readonly #log: Log;

  private constructor(house: House, journal: Journal) {
    this.#house = house;
    this.#journal = journal;
    this.#log = house.log;
  }

  static async start({ config, env, log, bus, readiness }: ServiceContext<GatewayConfig>): Promise<Gateway> {
    const clock = systemClock;
    const producer = config.SALLYPORT_GATEWAY_ID;
    const journal = await openJournal({ directory: join(env.state ?? '.', 'journal'), producer, bus: natsJournalBus(bus, producer), log, limits: { maxBytes: config.SALLYPORT_JOURNAL_MAX } });
    const instance = openInstanceKey({ producer, state: env.state ?? '.', path: config.SALLYPORT_INSTANCE_KEY });
    log.info('ends of sessions are signed', { key: instance.vkey });
    const slices = new Slices(bus);
    const chain = new GatewayChain({ log: journal, clock, tenant: env.tenant, openings: openingSealer(publicKey(config.SALLYPORT_READER_PUBLIC_KEY)) });
    const house: House = {
      bus, log, clock, tenant: env.tenant, evidence: journal, instance, chain,
      interruptions: new Interruptions({ log: journal, clock, record: (type, data) => chain.record(type, data) }),
      targets: new Targets(log),
      leases: new LeaseKeeper({ bus, slices, publicKey: publicKey(config.SALLYPORT_LEASE_PUBLIC_KEY), clock, log }),
      plans: new Plans(bus, log),
      answers: new ApprovalAnswers(bus),
      secrets: new SecretSource([new FileSecrets(config.SALLYPORT_SECRETS_DIR), new EnvSecrets()]),
      live: new LiveSessions(),
      sealing: new SealingKeys(log),
      readerKey: publicKey(config.SALLYPORT_READER_PUBLIC_KEY),
      maxSessionMs: config.SALLYPORT_MAX_SESSION * 1000,
    };
    const gateway = new Gateway(house, journal);
    gateway.#checks(readiness, bus, config);
    house.chain.record('service.started', { service: 'gateway', version, node: process.version });
    await gateway.#follow(bus);
    await gateway.#listen(config, env.state ?? '.', readiness);
    gateway.#tellHealth(readiness, bus, producer);
    return gateway;
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) server.close();
    this.#stopping.abort();
    this.#house.live.closeAll((session) => refusal('closing', 'the gateway is going down', session, { hint: 'connect again' }));
    const until = Date.now() + goodbye;
    while (this.#house.live.size > 0 && Date.now() < until) await new Promise<void>((done) => setTimeout(done, 20));
    this.#house.leases.stop();
    for (const stop of this.#stops) stop();
    this.#house.chain.record('service.stopped', { service: 'gateway', why: 'signal' });
    await this.#journal.close();
  }

  #checks(readiness: Readiness, bus: Bus, config: GatewayConfig): void {
    readiness.add('bus', () => (bus.connected ? null : 'the bus'));
    readiness.add('evidence', () => this.#house.evidence.refusing);
    readiness.add('sealing', () => this.#house.sealing.waiting(this.#house.clock.now()));
    if (config.SALLYPORT_SSH_LISTEN !== undefined) readiness.note('ssh', () => missingNative);
    gauge('sallyport_ssh_native_crypto', 'Whether SSH has its compiled crypto; without it everything works, at an eighth of the speed', [], () => (missingNative === null ? 1 : 0));
    readiness.add('targets', () => this.#house.targets.waiting);
    gauge('sallyport_sessions', 'Sessions now', [], () => this.#house.live.size);
    gauge('sallyport_journal_bytes', 'Bytes of evidence in the local journal', [], () => this.#journal.state.bytes);
    gauge('sallyport_journal_unconfirmed', 'Events that the ledger has not confirmed yet', [], () => this.#journal.state.tail - this.#journal.state.committed);
  }

  /** For `sallyport doctor`: the console hears what `/readyz` says. */
  #tellHealth(readiness: Readiness, bus: Bus, producer: string): void {
    const tell = () => {
      if (bus.connected) bus.publish(subjects.gatewayHealth(producer), { waiting: readiness.waiting(), notes: readiness.notes() });
    };
    const beat = setInterval(tell, gatewayHealthEvery);
    this.#stops.push(() => clearInterval(beat));
  }

  async #follow(bus: Bus): Promise<void> {
    const { targets, sealing, plans, leases, live, chain, evidence, instance } = this.#house;
    this.#stops.push(await targets.watch(bus), await sealing.watch(bus), await plans.watch());
    leases.start();
    this.#stops.push(this.#house.interruptions.start());
    this.#stops.push(
      bus.subscribe('control.session.*.close', sessionClose, ({ say }, subject) => {
        const session = subject.split('.')[2] ?? '';
        live.close(session, refusal('closing', say, session, { hint: 'ask the operators of the gateway' }));
      }),
    );
    this.#stops.push(startPulse({ record: (type, data) => chain.record(type, data), next: () => evidence.next(), sessions: () => live.size, key: instance.vkey, log: this.#log }));
  }

  async #listen(config: GatewayConfig, state: string, readiness: Readiness): Promise<void> {
    const terms = {
      tls: { cert: readFileSync(config.SALLYPORT_TLS_CERT, 'utf8'), key: readFileSync(config.SALLYPORT_TLS_KEY, 'utf8') },
      timeoutMs: config.SALLYPORT_GREET_TIMEOUT_MS,
      cancel: (key: Uint8Array) => this.#house.live.cancel(key),
      signal: this.#stopping.signal,
    };
    for (const { adapter, listen: address } of await protocols({ config, state, bus: this.#house.bus, log: this.#log, waits: (name, check) => readiness.add(name, check), stopped: (stop) => this.#stops.push(stop) })) {
      const server = await listen(address, config.SALLYPORT_MAX_CONNECTIONS, (socket) => {
        serveConnection(this.#house, adapter, socket, terms).catch((error: unknown) => {
          this.#log.error('a connection failed', { error });
          socket.destroy();
        });
      });
      this.#servers.push(server);
      this.#log.info('listening', { protocol: adapter.id, address });
    }
  }
}

function publicKey(path: string) {
  return createPublicKey(readFileSync(path));
}
