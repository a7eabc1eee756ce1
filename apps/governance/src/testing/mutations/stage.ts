import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { approvalsVote, identityApply, identityResolve, type Bus, type BusUser, type Reply } from '@sallyport/platform-bus';
import { z } from 'zod';
import { caller, type WholeHouse } from '../whole-house.ts';

export interface Answered {
  readonly status: number;
  readonly body: unknown;
}

/** The console believes a good login for half a minute. */
const believedMs = 20_000;

const raw = (kind: string, name: string, spec: Record<string, unknown>) => ({ apiVersion: 'sallyport/v1', kind, metadata: { name }, spec });
const withId = z.looseObject({ id: z.string() });
const withHold = z.looseObject({ hold: withId });
const withParts = z.looseObject({ id: z.string(), state: z.string(), parts: z.array(z.looseObject({ approval: z.string().nullable() })) });

/** What every entry of the tables may use to get into the state that its request needs: people, things to act on, and the ways to ask. Nothing of it is the request itself. */
export class Stage {
  readonly house: WholeHouse;
  readonly #buses = new Map<BusUser, Bus>();
  readonly #logins = new Map<string, { readonly token: string; readonly at: number }>();
  #serial = 0;

  private constructor(house: WholeHouse) {
    this.house = house;
  }

  static async open(house: WholeHouse): Promise<Stage> {
    const stage = new Stage(house);
    const people = ['admin', 'approver', 'auditor', 'operator'].map((role) => raw('Person', role, { displayName: role, issuer: 'idp', subject: role, roles: [role] }));
    const more = [
      raw('Person', 'second-admin', { displayName: 'x', issuer: 'idp', subject: 'second-admin', roles: ['admin'] }), raw('Person', 'second-auditor', { displayName: 'x', issuer: 'idp', subject: 'second-auditor', roles: ['auditor'] }),
      raw('Person', 'olga', { displayName: 'x', issuer: 'idp', subject: 'olga', roles: ['approver'] }), raw('Person', 'otto', { displayName: 'x', issuer: 'idp', subject: 'otto', roles: ['approver'] }),
      raw('ApproverGroup', 'board', { members: ['approver', 'olga'] }), raw('Group', 'batch', { purpose: 'batch jobs' }),
      raw('Governance', 'default', { changeControl: [{ kinds: ['Sink'], approvers: [{ group: 'board', count: 1 }] }] }),
    ];
    const reply = await house.console.call(identityApply, { by: caller('bootstrap-admin'), documents: [house.issuer.document, ...people, ...more], dryRun: false, prune: false }, 15_000);
    if (!reply.ok) throw new Error(reply.error.say);
    return stage;
  }

  /** A name that nothing else has. */
  fresh(what = 'x'): string {
    return `${what}-${++this.#serial}`;
  }

  async bus(user: BusUser): Promise<Bus> {
    const known = this.#buses.get(user) ?? (await this.house.nats.connect(user));
    this.#buses.set(user, known);
    return known;
  }

  target(name = this.fresh('target')) {
    return raw('Target', name, { kind: 'postgres', address: { host: '127.0.0.1', port: 5432 }, tls: { mode: 'off' }, credential: `file:${name}`, environment: 'test' });
  }

  sink(name = this.fresh('sink')) {
    return raw('Sink', name, { type: 'file', file: name });
  }

  machine(name = this.fresh('machine'), spec: Record<string, unknown> = {}) {
    return raw('Machine', name, {
      kind: 'batch', owner: 'olga', backupOwner: 'otto', purpose: 'closes the books of the day', environment: 'test', criticality: 'high', groups: ['batch'], state: 'active', reviewBy: '2099-03-31',
      bindings: [{ name: 'b', issuer: 'idp', audience: 'sallyport', claims: { workload_id: name } }], ...spec,
    });
  }

  async apply(...documents: unknown[]): Promise<void> {
    const reply = await this.house.console.call(identityApply, { by: caller('admin'), documents, dryRun: false, prune: false }, 15_000);
    if (!reply.ok) throw new Error(`${reply.error.code}: ${reply.error.say}`);
  }

  /** One exchange with the API, as somebody whom the console knows already: a login leaves events of its own. */
  async http(method: string, path: string, as: string, body?: unknown): Promise<Answered> {
    const known = this.#logins.get(as);
    const token = known !== undefined && known.at > Date.now() - believedMs ? known.token : await this.login(as);
    return exchange(`${this.house.api}${path}`, method, token, body);
  }

  async login(as: string): Promise<string> {
    const token = await this.house.issuer.token({ sub: as });
    const me = await exchange(`${this.house.api}/v1/me`, 'GET', token);
    if (me.status !== 200) throw new Error(`${as} cannot log in: ${JSON.stringify(me.body)}`);
    this.#logins.set(as, { token, at: Date.now() });
    return token;
  }

  async must(path: string, as: string, body: unknown): Promise<unknown> {
    const answer = await this.http('POST', path, as, body);
    if (answer.status !== 200) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** A change of a sink in this state. */
  async change(state: 'waiting' | 'approved' | 'activated'): Promise<{ readonly id: string; readonly approval: string }> {
    const made = withParts.parse(await this.must('/v1/changes', 'admin', { title: 'a change of the stage', documents: [this.sink()] }));
    const approval = made.parts[0]?.approval ?? '';
    if (state !== 'waiting') {
      await this.vote(approval, 'approve');
      await this.until(`/v1/changes/${made.id}`, 'approved');
    }
    if (state === 'activated') await this.must(`/v1/changes/${made.id}/activate`, 'admin', {});
    return { id: made.id, approval };
  }

  async vote(approval: string, vote: 'approve' | 'reject'): Promise<void> {
    value(await this.house.console.call(approvalsVote, { by: caller('approver', ['approver'], ['board']), approval, vote, comment: null }));
  }

  async until(path: string, state: string): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      const { body } = await this.http('GET', path, 'admin');
      if (z.looseObject({ state: z.string() }).safeParse(body).data?.state === state) return;
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error(`${path} did not become ${state}`);
  }

  /** The name of the log, which stands in the first line of its checkpoint. */
  async origin(): Promise<string> {
    const { body } = await this.http('GET', '/v1/log/checkpoint', 'auditor');
    return z.looseObject({ note: z.string() }).parse(body).note.split('\n')[0] ?? '';
  }

  async hold(): Promise<string> {
    return withHold.parse(await this.must('/v1/evidence/holds', 'auditor', { from: '2020-01-01', to: '2020-02-01', reason: 'case 1' })).hold.id;
  }

  /** Somebody with a genuine token whom no binding names. */
  async candidate(): Promise<string> {
    const workload = this.fresh('stranger');
    await (await this.bus('gateway')).call(identityResolve, { token: await this.house.issuer.token({ sub: workload, workload_id: workload }), door: 'postgres', source: { address: '127.0.0.1', port: 1, client: null }, session: randomUUID(), expect: 'machine' });
    const { body } = await this.http('GET', '/v1/candidates?limit=1', 'admin');
    return z.looseObject({ candidates: z.array(withId).min(1) }).parse(body).candidates[0]?.id ?? '';
  }
}

export function value<T>(reply: Reply<T>): T {
  if (!reply.ok) throw new Error(`${reply.error.code}: ${reply.error.say}`);
  return reply.value;
}

function exchange(url: string, method: string, token: string, body?: unknown): Promise<Answered> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((done, failed) => {
    const outgoing = request(url, { method, agent: false, headers: { authorization: `Bearer ${token}`, ...(payload === undefined ? {} : { 'content-type': 'application/json' }) } }, (incoming) => {
      text(incoming).then((told) => done({ status: incoming.statusCode ?? 0, body: told === '' ? null : JSON.parse(told) }), failed);
    });
    outgoing.on('error', failed);
    outgoing.end(payload);
  });
}
