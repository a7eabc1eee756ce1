import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { id, instant, uuidv7, type Lease, type MachineName, type Party, type SessionId, type TargetName } from '@sallyport/domain-model';
import { leaseClaims, leaseType, readPolicySet, sliceFor, type Slice } from '@sallyport/engine-policy';
import { fail, ok, policyOpen, type Bus, type LeaseRequest, type Reply } from '@sallyport/platform-bus';
import { silentLog } from '@sallyport/platform-telemetry';
import { FakeClock } from '@sallyport/testing-kit';
import { z } from 'zod';
import { LeaseKeeper } from './lease-keeper.ts';
import { SessionLease } from './session-lease.ts';
import { Slices } from './slices.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const request: LeaseRequest = { session: uuidv7(), machine: 'm', npid: 'n', target: 't', role: null, protocol: 'postgres', source: { address: '127.0.0.1', port: 1, client: null }, behalf: null, behalfSince: null };
const clock = new FakeClock();

/** A decision point whose answers wait until the test lets them go, that can be away, and of which one process can lag behind. */
class DecisionPoint implements Pick<Bus, 'call' | 'subscribe' | 'kv'> {
  version = 1;
  away = false;
  asked = 0;
  /** `honest` says that it is behind, as it must; `careless` answers from what it has. */
  lagging: 'honest' | 'careless' | null = null;
  /** What single sessions are answered besides: `requested` when they open, the others when they are renewed. */
  word: { requested: string } | { unavailable: string } | { refused: string } | null = null;
  /** Whom its leases name. */
  behalf: Party | null = null;
  readonly wanted: number[] = [];
  #letGo: (() => void)[] = [];
  holding = false;
  readonly #slices = new Map<string, Slice>();
  #told: (value: unknown) => void = () => undefined;

  async call<_Req extends z.ZodType, Res extends z.ZodType>(contract: { readonly subject: string; readonly value: Res }, request: unknown): Promise<Reply<z.output<Res>>> {
    this.asked++;
    const atLeast = z.object({ atLeast: z.number() }).parse(request).atLeast;
    this.wanted.push(atLeast);
    if (this.away) return fail('unavailable', 'nobody answers');
    const version = this.lagging === null ? this.version : this.version - 1;
    if (this.lagging === 'honest' && version < atLeast) return fail('behind', `the decision point has policy version ${version}, and ${atLeast} was in force already`);
    const opening = contract.subject === policyOpen.subject;
    if (this.word !== null && opening && 'requested' in this.word) return fail('access-requested', this.word.requested);
    if (this.word !== null && !opening) return ok(contract.value.parse({ answers: [this.word] }));
    const granted = await this.#grant(version);
    if (this.holding) await new Promise<void>((done) => this.#letGo.push(done));
    return ok(contract.value.parse(contract.subject === policyOpen.subject ? granted : { answers: [granted] }));
  }

  subscribe<T>(subject: string, schema: z.ZodType<T>, on: (value: T, subject: string) => void): () => void {
    this.#told = (value) => on(schema.parse(value), subject);
    return () => undefined;
  }

  kv(): ReturnType<Bus['kv']> {
    const get = (digest: string) => Promise.resolve(structuredClone(this.#slices.get(digest) ?? null));
    const none = () => Promise.reject(new Error('not here'));
    return Promise.resolve({ get, put: none, remove: none, keys: none, watch: none });
  }

  /** Another policy is in force, and that is told. */
  change(): void {
    this.version++;
    this.tell({ policy: this.version });
  }

  tell(change: { readonly policy?: number; readonly machine?: string; readonly behalf?: Party }): void {
    this.#told({ machine: null, target: null, why: 'test', ...change });
  }

  letGo(): void {
    this.holding = false;
    for (const done of this.#letGo.splice(0)) done();
  }

  async #grant(version: number): Promise<{ lease: string; slice: string }> {
    const read = readPolicySet([{ name: 'p.cedar', text: `@id("v${version}") permit (principal, action, resource);` }]);
    if (!read.ok) throw new Error('the policy of this test');
    const slice = sliceFor({ policySet: read.set, machine: { name: 'm', owner: 'o', environment: 'e', criticality: 'c', kind: 'k', groups: [] }, target: { name: 't', kind: 'postgres', environment: 'e', tags: [] } });
    this.#slices.set(slice.digest, slice);
    const lease: Lease = {
      id: uuidv7(), session: id<SessionId>(request.session), machine: id<MachineName>('m'), target: id<TargetName>('t'), role: null,
      slice: slice.digest, policyVersion: version, maskPlan: null, entitlement: null, record: false, expires: instant(clock.now() + 30_000),
      ...(this.behalf === null ? {} : { behalf: this.behalf }),
    };
    return { lease: await new SignJWT(leaseClaims(lease)).setProtectedHeader({ alg: 'EdDSA', typ: leaseType }).sign(privateKey), slice: slice.digest };
  }
}

let policy: DecisionPoint;
let keeper: LeaseKeeper;
let lease: SessionLease;

beforeEach(() => {
  policy = new DecisionPoint();
  keeper = new LeaseKeeper({ bus: policy, slices: new Slices(policy), publicKey, clock, log: silentLog });
  keeper.start();
  lease = leaseFor();
});
afterEach(() => keeper.stop());

const leaseFor = (behalf: Party | null = null) =>
  new SessionLease({ request: { ...request, behalf }, facts: { protocol: 'postgres', role: null, source: '127.0.0.1', client: null }, plan: () => null, now: () => clock.now(), askRenewal: (one) => keeper.ask(one) });

const open = () => keeper.open(lease, () => undefined);
const asked = (times: number) => vi.waitFor(() => expect(policy.asked).toBe(times));

describe('the leases of a gateway', () => {
  it('are opened under the policy in force', async () => {
    expect(await open()).toBeNull();
    expect(lease.current()).toMatchObject({ policyVersion: 1 });
  });

  it('do not take an answer that was asked for before a change was told', async () => {
    await open();
    policy.holding = true;
    keeper.ask(lease);
    await asked(2);
    policy.change();
    await asked(3);
    expect(lease.current()).toBeNull();
    policy.letGo();
    const renewed = await lease.renewed();
    expect(renewed).toMatchObject({ policyVersion: 2 });
    expect(lease.current()).toMatchObject({ policyVersion: 2 });
  });

  it('are opened anew when the policy changes while a session is opened', async () => {
    policy.holding = true;
    const opening = open();
    await asked(1);
    policy.change();
    policy.letGo();
    expect(await opening).toBeNull();
    expect(policy.asked).toBe(2);
    expect(lease.current()).toMatchObject({ policyVersion: 2 });
  });

  it('are asked for again while a command waits, so that a decision point that restarts costs it a moment', async () => {
    await open();
    policy.away = true;
    policy.change();
    const waiting = lease.renewed();
    await vi.waitFor(() => expect(policy.asked).toBeGreaterThan(3), { timeout: 3000 });
    policy.away = false;
    expect(await waiting).toMatchObject({ policyVersion: 2 });
  });

  it('are not made stale by hearing again of the version that they are of, and are by any other change', async () => {
    await open();
    policy.tell({ policy: 1 });
    expect(lease.current()).toMatchObject({ policyVersion: 1 });
    expect(policy.asked).toBe(1);
    policy.tell({ machine: 'another' });
    expect(lease.current()).not.toBeNull();
    policy.tell({ machine: 'm' });
    expect(lease.current()).toBeNull();
    expect(await lease.renewed()).toMatchObject({ policyVersion: 1 });
  });

  it('ask for the version that was told, and ask again while the one who answers has not loaded it', async () => {
    await open();
    policy.lagging = 'honest';
    policy.change();
    const waiting = lease.renewed();
    await vi.waitFor(() => expect(policy.asked).toBeGreaterThan(3), { timeout: 3000 });
    expect(lease.current()).toBeNull();
    policy.lagging = null;
    expect(await waiting).toMatchObject({ policyVersion: 2 });
    expect(policy.wanted[0]).toBe(0);
    expect(new Set(policy.wanted.slice(1))).toEqual(new Set([2]));
  });

  it('never go back: an answer from an older policy is not taken, however often it comes, and the command is told why', async () => {
    policy.version = 2;
    await open();
    policy.lagging = 'careless';
    policy.tell({ machine: 'm' });
    expect(await lease.renewed()).toMatchObject({ kind: 'refusal', code: 'policy-unavailable', say: 'the decision point answered from policy version 1, and 2 was in force already' });
    expect(lease.current()).toBeNull();
    policy.lagging = null;
    expect(await lease.renewed()).toMatchObject({ policyVersion: 2 });
  });

  it('of other sessions are stale as soon as one session was answered from a newer policy, before anybody told', async () => {
    await open();
    const other = leaseFor();
    policy.version = 2;
    expect(await keeper.open(other, () => undefined)).toBeNull();
    expect(lease.current()).toBeNull();
    expect(await lease.renewed()).toMatchObject({ policyVersion: 2 });
  });

  it('are opened when the one who lags has caught up, and not at all when it does not', async () => {
    policy.tell({ policy: 2 });
    policy.version = 2;
    policy.lagging = 'careless';
    const opening = open();
    await asked(2);
    policy.lagging = null;
    expect(await opening).toBeNull();
    expect(lease.current()).toMatchObject({ policyVersion: 2 });

    policy.lagging = 'honest';
    policy.tell({ policy: 3 });
    policy.version = 3;
    expect(await keeper.open(leaseFor(), () => undefined)).toMatchObject({ code: 'policy-unavailable', say: 'the decision point has policy version 2, and 3 was in force already' });
  });

  it('are not given where connecting was taken for asking: the client may come again', async () => {
    policy.word = { requested: 'people are asked: request r-1' };
    expect(await open()).toMatchObject({ kind: 'refusal', code: 'access-requested', say: 'people are asked: request r-1', hint: 'connect again when people have said yes' });
    policy.word = null;
    expect(await open()).toBeNull();
  });

  it('for the machine itself are none on somebody’s behalf, those for one party none for another, and the other way round', async () => {
    const [carol, dora] = [{ kind: 'person', name: 'carol' }, { kind: 'person', name: 'dora' }] as const;
    for (const [wanted, given] of [[carol, null], [null, carol], [carol, dora], [carol, { kind: 'machine', name: 'carol' }]] as const) {
      policy.behalf = given;
      expect(await keeper.open(leaseFor(wanted), () => undefined)).toMatchObject({ code: 'policy-unavailable', say: 'the decision point’s answer was for another session' });
    }
    policy.behalf = carol;
    const theirs = leaseFor(carol);
    expect(await keeper.open(theirs, () => undefined)).toBeNull();
    policy.tell({ behalf: dora });
    expect(theirs.current()).not.toBeNull();
    policy.tell({ behalf: carol });
    expect(theirs.current()).toBeNull();
    expect(await theirs.renewed()).toMatchObject({ policyVersion: 1 });
  });

  it('are kept to their time where it cannot be said of one session whether it is entitled, and its commands are told why', async () => {
    const denied = vi.fn();
    await keeper.open(lease, denied);
    policy.word = { unavailable: 'it cannot be asked now' };
    policy.tell({ machine: 'm' });
    expect(await lease.renewed()).toMatchObject({ kind: 'refusal', code: 'policy-unavailable', say: 'it cannot be asked now' });
    expect(denied).not.toHaveBeenCalled();
    policy.word = null;
    expect(await lease.renewed()).toMatchObject({ policyVersion: 1 });
  }, 15_000);

  it('end the session when a renewal is refused', async () => {
    const denied = vi.fn();
    await keeper.open(lease, denied);
    policy.word = { refused: 'the entitlement ended' };
    policy.tell({ machine: 'm' });
    await vi.waitFor(() => expect(denied).toHaveBeenCalledWith(expect.objectContaining({ code: 'unauthorized', say: 'the entitlement ended' })));
  });

  it('end with their time when nobody renews them', async () => {
    await open();
    policy.away = true;
    clock.pass(29_999);
    expect(lease.current()).not.toBeNull();
    clock.pass(1);
    expect(lease.current()).toBeNull();
  });
});
