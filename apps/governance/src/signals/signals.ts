import { readFileSync } from 'node:fs';
import { personWho } from '@sallyport/domain-events';
import { SecurityEventVerifier } from '@sallyport/platform-identity';
import type { Bus, Caller } from '@sallyport/platform-bus';
import { every } from '@sallyport/platform-runtime';
import { EnvSecrets, FileSecrets, SecretSource } from '@sallyport/platform-secrets';
import type { Outbox, Store } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import type { GovernanceConfig } from '../config.ts';
import type { GovernanceDatabase } from '../store/database.ts';
import { Courier } from './courier.ts';
import { Directories } from './directories.ts';
import { Hr } from './hr/hr.ts';
import { listen, type Listener } from './listener.ts';
import { listSignals } from './list-signals.ts';
import { Pace } from './pace.ts';
import { People } from './people.ts';
import { Groups } from './scim/groups.ts';
import { ScimError } from './scim/scim-error.ts';
import { ScimServer } from './scim/server.ts';
import { Users } from './scim/users.ts';
import { Poller } from './ssf/poller.ts';
import { PushServer } from './ssf/push.ts';
import { Receiver } from './ssf/receiver.ts';
import { Strangers } from './strangers.ts';

export interface SignalsParts {
  readonly config: GovernanceConfig;
  readonly store: Store<GovernanceDatabase>;
  readonly outbox: Outbox;
  readonly bus: Bus;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds between looks at what is due; tests hurry. */
  readonly everyMs: number;
}

/** Everything by which we hear that people come and go: SCIM, security events, the HR file; and the courier who tells identity. */
export class Signals {
  readonly directories: Directories;
  readonly hr: Hr;
  /** Where directories come in, or null. */
  readonly url: string | null;
  readonly #parts: SignalsParts;
  readonly #stop: () => Promise<void>;

  private constructor(parts: SignalsParts, directories: Directories, hr: Hr, url: string | null, stop: () => Promise<void>) {
    this.#parts = parts;
    this.directories = directories;
    this.hr = hr;
    this.url = url;
    this.#stop = stop;
  }

  static async start(parts: SignalsParts): Promise<Signals> {
    const { config, store: { db }, outbox, bus, log, now, everyMs } = parts;
    const people = await People.open(bus);
    const courier = new Courier({ db, bus, people, log, now, everyMs: Math.min(everyMs, 500) });
    const hurry = () => void courier.hurry();
    const directories = new Directories({ db, outbox, now });
    const hr = new Hr({ db, outbox, people, hurry, now });
    const receiver = new Receiver({ db, outbox, bus, people, verifier: new SecurityEventVerifier(now), now });
    const secrets = new SecretSource([new EnvSecrets(), ...(config.SALLYPORT_SECRETS_DIR === undefined ? [] : [new FileSecrets(config.SALLYPORT_SECRETS_DIR)])]);
    const poller = new Poller({ directories, receiver, secrets, hurry, log, everyMs: Math.min(everyMs * 2, 5000) });
    const door = await openDoor(parts, { directories, users: new Users(db, { outbox, people, now }), groups: new Groups(db, { outbox, people, now }), receiver, hurry });
    courier.start();
    poller.start();
    const stops = [
      every({ ms: Math.max(everyMs, 1000), what: 'looking for last days that are over', log, first: 'now' }, () => hr.sweep()),
      every({ ms: 60_000, what: 'forgetting old security events', log }, () => db.deleteFrom('security_event').where('until', '<', new Date(now())).execute()),
    ];
    return new Signals(parts, directories, hr, door?.url ?? null, async () => {
      await door?.close();
      await Promise.all([poller.stop(), ...stops.map((stop) => stop())]);
      await courier.stop();
      people.close();
    });
  }

  list(page: Parameters<typeof listSignals>[1]): ReturnType<typeof listSignals> {
    return listSignals(this.#parts.store.db, page);
  }

  /** Somebody without the role tried. */
  async refused(by: Caller, action: string, object: string): Promise<void> {
    const { store, outbox } = this.#parts;
    await store.db.transaction().execute((trx) => outbox.emit(trx, 'operator.acted', { action, object, ok: false, code: 'denied' }, { who: personWho(by.person) }));
  }

  stop(): Promise<void> {
    return this.#stop();
  }
}

interface Doorway {
  readonly directories: Directories;
  readonly users: Users;
  readonly groups: Groups;
  readonly receiver: Receiver;
  readonly hurry: () => void;
}

async function openDoor({ config, store, outbox, log, now }: SignalsParts, { directories, users, groups, receiver, hurry }: Doorway): Promise<Listener | null> {
  const { SALLYPORT_SIGNALS_LISTEN: at, SALLYPORT_TLS_CERT: cert, SALLYPORT_TLS_KEY: key, SALLYPORT_SIGNALS_URL: publicUrl, SALLYPORT_SIGNALS_RATE: rate } = config;
  if (at === undefined) return null;
  const scim = new ScimServer({ users, groups, hurry, log });
  const push = new PushServer({ receiver, hurry, log });
  const pace = new Pace(rate, rate * 5, now);
  const strangers = new Strangers({ db: store.db, outbox, log, now });
  const door = await listen({
    ...at,
    tls: cert === undefined || key === undefined ? null : { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') },
    publicUrl: publicUrl ?? null,
    protocols: [
      { prefix: '/scim/v2', kind: 'scim', contentType: 'application/scim+json', answer: (asked) => scim.answer(asked), refusal: (status, say) => new ScimError(status, null, say).body },
      { prefix: '/ssf/v1', kind: 'ssf', contentType: 'application/json', answer: (asked) => push.answer(asked), refusal: (_status, description) => ({ err: 'authentication_failed', description }) },
    ],
    known: async (token) => {
      const directory = await directories.byToken(token);
      if (directory !== null) await directories.seen(directory);
      return directory;
    },
    wait: (name) => pace.ask(name),
    stranger: (address, prefix) => strangers.came(address, prefix),
    log,
  });
  log.info('directories and security events come in', { at: door.url });
  return door;
}
