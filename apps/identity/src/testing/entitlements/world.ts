import { uuidv7 } from '@sallyport/domain-model';
import {
  identityApply, identityAsk, identityEnter, identityEntitlements, identityRequests, leaseChanged, subjects, type AccessRequest, type Bus, type Caller, type Entitlement, type EntryAnswer, type Reply,
} from '@sallyport/platform-bus';
import { boot, type Running } from '@sallyport/platform-runtime';
import { silentLog } from '@sallyport/platform-telemetry';
import { identityConfig } from '../../config.ts';
import { startIdentity } from '../../service.ts';
import { approvers, base, machine, person, raw, target, type Raw } from '../documents.ts';
import { IdentityHouse } from '../house.ts';
import { People } from './people.ts';

export const day = 86_400_000;
export const caller = (name: string, ...roles: string[]): Caller => ({ person: name, roles, groups: [], source: '127.0.0.1' });
export const root = caller('root', 'admin');
export const olga = caller('olga', 'operator');

export function value<T>(reply: Reply<T>): T {
  if (!reply.ok) throw new Error(`${reply.error.code}: ${reply.error.say}`);
  return reply.value;
}
export const code = (reply: Reply<unknown>): string => (reply.ok ? 'ok' : reply.error.code);

export interface Going {
  readonly session?: string;
  readonly machine?: string;
  readonly target?: string;
  readonly role?: string | null;
}
const entry = ({ session = uuidv7(), machine: name = 'nightly', target: to = 'db', role = null }: Going) => ({ session, machine: name, target: to, role, source: '10.0.0.1' });
const none: EntryAnswer = { refused: 'not-entitled', say: 'no answer', request: null };

/** What of an answer is compared: the kind of leave, or why there is none. */
export const word = (answer: EntryAnswer): string => ('refused' in answer ? answer.refused : answer.kind);
/** The entitlement's id, or what was said. */
export const by = (answer: EntryAnswer): string => ('entitlement' in answer ? answer.entitlement : answer.say);

type Filter = Partial<Parameters<typeof identityEntitlements.request.parse>[0] & object>;

/** Identity with a stand-in for people, asked as policy and console ask it. Machines `nightly`, `second` and `third` (the latter two in group `jobs`), targets `db` and `box`, approvers `dba`: bob, carol, dave. */
export class World implements AsyncDisposable {
  readonly house: IdentityHouse;
  readonly policy: Bus;
  readonly people: People;
  /** `machine target why` of each call to ask for leases again. */
  readonly told: string[] = [];

  private constructor(house: IdentityHouse, policy: Bus, people: People) {
    this.house = house;
    this.policy = policy;
    this.people = people;
  }

  static async open(): Promise<World> {
    const house = await IdentityHouse.open();
    const policy = await house.nats.connect('policy');
    const world = new World(house, policy, await People.open(await house.nats.connect('approvals')));
    policy.subscribe(subjects.leaseChanged, leaseChanged, ({ machine: name, target: to, why }) => void world.told.push(`${name ?? '*'} ${to ?? '*'} ${why}`));
    await policy.nc.flush();
    await house.apply([
      ...base(house.pinned), person('carol', { roles: ['approver', 'auditor'] }), person('dave'), person('olga', { roles: ['operator'] }), approvers('dba', ['bob', 'carol', 'dave']), raw('Group', 'jobs', { purpose: 'nightly jobs' }),
      target('db', { access: 'entitlement' }), target('box', { access: 'entitlement' }), machine('nightly'), machine('second', { groups: ['jobs'] }), machine('third', { groups: ['jobs'] }),
    ]);
    return world;
  }

  /** One more process of the service, on the same database and bus and by the same clock. */
  another(): Promise<Running> {
    return boot(
      { name: 'identity', config: identityConfig, start: ({ config, env: of, log, bus, readiness }) => startIdentity({ config, tenant: of.tenant, log, bus, readiness, now: () => this.now }) },
      { SALLYPORT_NATS: this.house.nats.url, SALLYPORT_NATS_PASSWORD: this.house.nats.passwords.identity, SALLYPORT_DSN: this.house.database.dsn('identity'), SALLYPORT_HTTP: '127.0.0.1:0' },
      silentLog,
    );
  }

  get now(): number {
    return Date.now() + this.house.ahead;
  }

  dateIn(days: number): string {
    return new Date(this.now + days * day).toISOString().slice(0, 10);
  }

  entitlement(name: string, spec: Record<string, unknown> = {}): Raw {
    return raw('Entitlement', name, { machines: ['nightly'], target: 'db', until: this.dateIn(30), justification: 'books the entries of the day', ...spec });
  }

  async remove(kind: string, name: string): Promise<void> {
    value(await this.house.console.call(identityApply, { by: root, documents: [], remove: [{ kind, name }], dryRun: false, prune: false }));
  }

  async go(opening: boolean, ...going: Going[]): Promise<EntryAnswer[]> {
    return value(await this.policy.call(identityEnter, { opening, entries: going.map(entry) }, 20_000)).answers;
  }

  async enter(going: Going = {}): Promise<EntryAnswer> {
    return (await this.go(true, going))[0] ?? none;
  }

  async renew(going: Going): Promise<EntryAnswer> {
    return (await this.go(false, going))[0] ?? none;
  }

  async list(filter: Filter = {}) {
    return value(await this.house.console.call(identityEntitlements, { by: root, ...filter }, 20_000));
  }

  async live(filter: Filter = {}): Promise<Entitlement[]> {
    return (await this.list({ state: 'live', ...filter })).entitlements;
  }

  async events(...types: string[]) {
    return (await this.house.events()).filter(({ type }) => types.includes(type));
  }

  async lastOf(type: string): Promise<Record<string, unknown> | undefined> {
    return (await this.events(type)).at(-1)?.d;
  }

  async request(id: string): Promise<AccessRequest | undefined> {
    return value(await this.house.console.call(identityRequests, { by: root, request: id })).requests[0];
  }

  ask(change: Partial<Parameters<typeof identityAsk.request.parse>[0] & object> = {}, who = olga) {
    return this.house.console.call(identityAsk, { by: who, machine: 'nightly', target: 'db', role: 'asked', seconds: 1800, uses: null, reason: 'month end closing', ...change });
  }

  sql(text: string) {
    return this.house.postgres.sql(text, this.house.database.name);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.house[Symbol.asyncDispose]();
  }
}
