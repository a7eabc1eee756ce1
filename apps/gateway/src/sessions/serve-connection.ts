import type { KeyObject } from 'node:crypto';
import type { Socket } from 'node:net';
import { id, partyId, refusal, uuidv7, type Actor, type Clock, type Digest, type EvidenceLog, type Instant, type MachineName, type Party, type Refusal, type SessionId, type Target } from '@sallyport/domain-model';
import type { Who } from '@sallyport/domain-events';
import { newSessionKey, sessionOpenings, SessionRecorder, type InstanceKey } from '@sallyport/engine-evidence';
import { SessionGate } from '@sallyport/engine-session';
import { identityResolve, identitySshUpstreamCert, type Bus } from '@sallyport/platform-bus';
import type { SecretSource } from '@sallyport/platform-secrets';
import { inSession, type Log } from '@sallyport/platform-telemetry';
import type { Greeting, GreetTerms, ProtocolAdapter, SessionEnd } from '@sallyport/protocol-spi';
import { SessionApprovals, type ApprovalAnswers } from '../approvals/approvals.ts';
import type { GatewayChain } from '../evidence/gateway-chain.ts';
import type { Interruptions } from '../evidence/interruptions.ts';
import type { SealingKeys } from '../evidence/sealing-keys.ts';
import { SessionEvidence } from '../evidence/session-evidence.ts';
import type { Targets } from '../inventory/targets.ts';
import type { LeaseKeeper } from '../leases/lease-keeper.ts';
import { SessionLease } from '../leases/session-lease.ts';
import type { Plans } from '../masking/plans.ts';
import type { LiveSessions } from './live-sessions.ts';
import { sessionMetrics } from './metrics.ts';

/** Everything a connection needs of its gateway. */
export interface House {
  readonly bus: Bus;
  readonly log: Log;
  readonly clock: Clock;
  readonly tenant: string;
  readonly evidence: EvidenceLog;
  /** Signs the ends of sessions. */
  readonly instance: InstanceKey;
  readonly chain: GatewayChain;
  readonly interruptions: Interruptions;
  readonly targets: Targets;
  readonly leases: LeaseKeeper;
  readonly plans: Plans;
  readonly answers: ApprovalAnswers;
  readonly secrets: SecretSource;
  readonly live: LiveSessions;
  readonly sealing: SealingKeys;
  readonly readerKey: KeyObject;
  readonly maxSessionMs: number;
}

interface Opening {
  readonly session: SessionId;
  readonly adapter: ProtocolAdapter;
  readonly greeting: Greeting;
  readonly source: { readonly address: string; readonly port: number; readonly client: string | null };
}

/** One accepted connection, from its first byte to its last: greet, identify, choose the target, lease, open, serve, close. */
export async function serveConnection(house: House, adapter: ProtocolAdapter, socket: Socket, terms: GreetTerms): Promise<void> {
  const address = socket.remoteAddress ?? 'unknown';
  const port = socket.remotePort ?? 0;
  const greeting = await adapter.greet(socket, terms);
  if (greeting === null) return;
  const opening: Opening = { session: id<SessionId>(uuidv7()), adapter, greeting, source: { address, port, client: greeting.client } };
  const refused = await open(house, opening);
  if (refused === null) return;
  sessionMetrics.refused.inc({ code: refused.code });
  house.chain.record('session.refused', { protocol: adapter.id, target: greeting.target.slice(0, 128), code: refused.code, say: refused.say, source: address });
  await adapter.refuse(greeting, refused);
}

/** Null when a session was opened, and by now is over; else why it was not opened. */
async function open(house: House, opening: Opening): Promise<Refusal | null> {
  const { session, adapter, greeting, source } = opening;
  if (house.evidence.refusing !== null) return refusal('evidence-unavailable', 'no evidence can be recorded now, so no session is opened', session, { hint: 'try again; if it stays, tell the operators of the gateway' });
  const known = await inSession(session, 'session.identify', {}, () => identify(house, opening));
  if ('kind' in known) return known;
  const { actor, behalf, behalfSince, extensions } = known;
  const target = house.targets.get(greeting.target);
  if (target === undefined || target.kind !== adapter.id) return refusal('unauthorized', `there is no target ${greeting.target.slice(0, 64)} for ${actor.machine} here`, session, { hint: 'connect with user=[role@]target' });
  if ((await house.plans.of(target.name)) === null) return refusal('policy-unavailable', 'the classification of the target is not available', session, { hint: 'try again; if it stays, tell the operators of the gateway' });
  const plan = () => house.plans.current(target.name).plan;
  const lease = new SessionLease({
    request: { session, machine: actor.machine, npid: actor.npid, target: target.name, role: greeting.role, protocol: adapter.id, source, behalf, behalfSince },
    facts: { protocol: adapter.id, role: greeting.role, source: source.address, client: source.client },
    plan,
    now: () => house.clock.now(),
    askRenewal: (one) => house.leases.ask(one),
  });
  const closing = house.live.add(session);
  try {
    const said = await inSession(session, 'session.lease', { target: target.name }, () => house.leases.open(lease, (denied) => closing.abort(denied)));
    if (said !== null) return said;
    return await serve(house, opening, { actor, behalf, behalfSince, extensions, target, lease, closing });
  } finally {
    house.leases.release(lease);
    house.live.remove(session);
  }
}

async function identify(house: House, { session, adapter, greeting, source }: Opening): Promise<Identified | Refusal> {
  const reply = await house.bus.call(identityResolve, { token: greeting.token.open('identity verifies it'), certificate: greeting.certificate ?? null, holds: greeting.holds ?? null, door: adapter.id, target: greeting.target, role: greeting.role, source, session, expect: 'machine' }, 10_000);
  if (!reply.ok) {
    const { code, say } = reply.error;
    if (code === 'unauthenticated') return refusal(code, say, session, { hint: 'get a fresh token for this gateway’s audience' });
    if (code === 'unauthorized') return refusal(code, say, session, { hint: 'another token does not help: ask who answers for the machine, and quote the request id' });
    return refusal('policy-unavailable', 'identities cannot be verified now', session, { hint: 'try again; if it stays, tell the operators of the gateway' });
  }
  if (reply.value.kind !== 'machine') return refusal('unauthorized', 'this token is a person’s: only machines connect here', session);
  const { actor: { machine, npid, owner, issuer, tokenHash, jti, tokenExpires }, behalf, behalfSince, ticket } = reply.value;
  return {
    actor: { machine: id<MachineName>(machine), npid, owner, issuer, tokenHash: id<Digest>(tokenHash), jti, tokenExpires: id<Instant>(tokenExpires) },
    behalf,
    behalfSince,
    extensions: ticket?.kind === 'ssh-certificate' ? new Set(ticket.extensions) : null,
  };
}

/** Who it is, on whose behalf (null: its own), and what its certificate lets it do (null: it is not limited so). */
interface Identified {
  readonly actor: Actor;
  readonly behalf: Party | null;
  /** When that person had logged in, as identity says; for the decision point. */
  readonly behalfSince: string | null;
  readonly extensions: ReadonlySet<string> | null;
}

interface Opened extends Identified {
  readonly target: Target;
  readonly lease: SessionLease;
  readonly closing: AbortController;
}

async function serve(house: House, opening: Opening, { actor, behalf, extensions, target, lease, closing }: Opened): Promise<Refusal | null> {
  const { session, adapter, greeting, source } = opening;
  const granted = lease.current();
  if (granted === null) return refusal('policy-unavailable', 'the lease ended before the session began', session);
  const log = house.log.child({ session, machine: actor.machine, target: target.name });
  const day = house.sealing.current(target.retention ?? 'standard', house.clock.now());
  if (day === null) return refusal('evidence-unavailable', `the texts of this session could not be kept: there is no key of today for the retention class of ${target.name}`, session, { hint: 'tell the operators of the gateway' });
  const { key, wrapped } = newSessionKey(house.readerKey, day);
  const on = { target: target.name, kind: target.kind, env: target.environment };
  const recorder = new SessionRecorder({ tenant: house.tenant, session, who: who(actor), on, log: house.evidence, clock: house.clock, key, openings: sessionOpenings(key), instance: house.instance });
  const failed = (error: unknown) => {
    log.error('evidence could not be written: the session ends', { error });
    closing.abort(refusal('evidence-unavailable', 'the record of this session could not be kept', session));
  };
  const evidence = new SessionEvidence({ session, mode: target.evidence, recorder, log: house.evidence, interruptions: house.interruptions, failed });
  const plan = () => house.plans.current(target.name).plan;
  const gate = new SessionGate({
    session,
    ports: { lease, evidence, plan, recorder: evidence.recorder(() => house.clock.monoUs()), approvals: new SessionApprovals(house.bus, house.answers, { actor, behalf, target, source: source.address, role: greeting.role, adapter }) },
    masker: () => house.plans.current(target.name).masker,
    closing: closing.signal,
  });
  const settings = adapter.parseSettings(target.settings);
  recorder.record('session.opened', {
    protocol: adapter.id, role: greeting.role, source: source.address, client: source.client, evidence: target.evidence,
    lease: granted.id, policy: granted.policyVersion, mask_plan: plan()?.id ?? null, key: wrapped, ...(behalf === null ? {} : { behalf: partyId(behalf) }),
  });
  sessionMetrics.opened.inc({ protocol: adapter.id });
  log.info('session opened', { source: source.address, role: greeting.role, onBehalf: behalf?.kind ?? null });
  const limit = setTimeout(() => closing.abort(refusal('closing', 'the session has reached its longest duration', session, { hint: 'connect again' })), house.maxSessionMs);
  let end: SessionEnd = { by: 'failed', why: 'internal' };
  try {
    end = await adapter.serve(greeting, {
      id: session, target, settings, gate, extensions,
      credential: (signal) => house.secrets.lease(target.credential, { session, target: target.name }, signal),
      certifyLogin: (login, publicKey) => certifyLogin(house.bus, { session, machine: actor.machine, target: target.name, login, publicKey }),
      onCancel: (cancelKey, run) => house.live.onCancel(cancelKey, run),
    });
  } finally {
    clearTimeout(limit);
    close(recorder, gate, end, failed);
    log.info('session closed', { by: end.by, why: end.why, ...gate.tally });
  }
  return null;
}

function close(recorder: SessionRecorder, gate: SessionGate, end: SessionEnd, failed: (error: unknown) => void): void {
  try {
    gate.end();
    recorder.close({ by: end.by, why: end.why.slice(0, 200), ...gate.tally });
  } catch (error) {
    // The ledger then closes the session by itself (session.abandoned), which says so.
    failed(error);
  }
}

function who(actor: Actor): Who {
  return { id: `machine:${actor.machine}`, npid: actor.npid, iss: actor.issuer, tok: actor.tokenHash, jti: actor.jti, owner: actor.owner };
}

/** A certificate for one login at an SSH target; identity records it. Throws with what identity said, for the log. */
async function certifyLogin(bus: Bus, of: { readonly session: string; readonly machine: string; readonly target: string; readonly login: string; readonly publicKey: string }): Promise<string> {
  const reply = await bus.call(identitySshUpstreamCert, { ...of, extensions: ['permit-pty', 'permit-port-forwarding'] });
  if (!reply.ok) throw new Error(`identity certifies no login: ${reply.error.code}`);
  return reply.value.blob;
}
