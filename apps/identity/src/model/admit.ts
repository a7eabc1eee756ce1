import type { Who } from '@sallyport/domain-events';
import { id, instant, partyId, type MachineName, type Party } from '@sallyport/domain-model';
import type { Principal } from '@sallyport/platform-bus';
import { seconds, type MachineDocument, type TrustBinding } from '@sallyport/platform-config';
import { actorsOf, evidenceClaims, loginTime, matchBinding, matchPerson, personSubject, TokenRefusedError, workloadOf, type Claims, type VerifiedToken, type Workload } from '@sallyport/platform-identity';
import { answerOf, whyNotFor } from './behalf.ts';
import type { Inventory } from './inventory.ts';
import { replayKey } from './replay.ts';
import type { TicketUse } from './ticket.ts';

/** A first use that must be remembered before the machine is let in. */
export interface TokenUse {
  readonly binding: string;
  readonly key: Uint8Array;
  readonly mode: 'bind_first' | 'single_use';
  /** Milliseconds since 1970 after which the token is refused anyhow. */
  readonly until: number;
}

/** What a token's admission knows besides, for an exchange. */
export interface Origin {
  /** Name of the Issuer document. */
  readonly issuer: string;
  readonly binding: TrustBinding;
  readonly act: readonly string[];
  /** `exp`, milliseconds since 1970. */
  readonly expires: number;
}

/** What a token that was just verified says, for what is still to be judged by it. Never stored. */
export interface Proof {
  readonly claims: Claims;
  /** `exp`, milliseconds since 1970. */
  readonly expires: number;
}

/** Whose a credential may be: a machine's, a person's, or, of a subject token beside an actor token, either's. */
export type Expected = 'machine' | 'person' | 'subject';

export interface Admitted {
  readonly kind: 'admit';
  readonly principal: Principal;
  readonly binding: string;
  readonly issuer: string;
  readonly claims: Record<string, string>;
  readonly expires: string;
  readonly who: Who;
  readonly use: TokenUse | null;
  /** The use of a ticket that is to be counted; null for tokens of other issuers. */
  readonly spend: TicketUse | null;
  /** Null for people and tickets, which are not exchanged by themselves. */
  readonly origin: Origin | null;
  /** Null for tickets. A function, so that its claims come into no log by the way. */
  readonly proof: (() => Proof) | null;
}

export interface Refused {
  readonly kind: 'refuse';
  readonly answer: 'unauthenticated' | 'unauthorized';
  readonly code: string;
  readonly say: string;
  readonly issuer: string | null;
  readonly claims: Record<string, string>;
  readonly who: Who | null;
  /** It is genuine and came a second time, or from elsewhere: whose it is, and where it belongs. */
  readonly replay?: { readonly binding: string; readonly first: string };
  /** It is genuine, of an issuer that is trusted for machines, and no binding names it. */
  readonly stranger?: Stranger;
}

/** A workload that could be a machine, if somebody answered for it. */
export interface Stranger extends Workload {
  /** Name of the Issuer document, and its `iss`. */
  readonly issuer: string;
  readonly iss: string;
  /** Of the issuer's audiences the one that its token was made for. */
  readonly audience: string;
  /** The claims of this token that go into evidence. */
  readonly seen: Readonly<Record<string, string>>;
}

/** What is thought of a credential before its earlier uses were looked at. */
export type Judgement = Admitted | Refused;

/** Which machine or person of the inventory a verified token is, and whether it may come in now. */
export function admit(token: VerifiedToken, inventory: Inventory, expect: Expected): Judgement {
  try {
    if (expect === 'subject') return admitSubject(token, inventory);
    return expect === 'machine' ? admitMachine(token, inventory) : admitPerson(token, inventory);
  } catch (error) {
    if (!(error instanceof TokenRefusedError)) throw error;
    const stranger = expect === 'machine' && error.code === 'claims-unmatched' ? strangerOf(token) : null;
    return { ...refusedToken(error, token), ...(stranger === null ? {} : { stranger }) };
  }
}

/** A person's token that was handed to a machine is remembered, as machines' are: it works from where it came first. */
function admitSubject(token: VerifiedToken, inventory: Inventory): Judgement {
  const { trusts, clockSkew } = token.issuer.spec;
  // What a binding takes is a machine's, also where it names a person: it was given to that machine, and to no other.
  if (trusts.includes('machines') && (isBound(token, inventory) || personOf(token, inventory) === null)) return admitMachine(token, inventory);
  const judged = admitPerson(token, inventory);
  return judged.kind === 'refuse' ? judged : { ...judged, use: { binding: judged.binding, key: replayKey(token), mode: 'bind_first', until: token.expires + seconds(clockSkew) * 1000 } };
}

/** The person whose a token is, by its own words; null where it is nobody's of the inventory. */
function personOf(token: VerifiedToken, inventory: Inventory): Party | null {
  const subject = personSubject(token);
  const name = subject === null ? null : inventory.personBySubject(token.issuer.metadata.name, subject);
  return name === null ? null : { kind: 'person', name };
}

/** Who came, where no binding says so; null where its claims say nothing that could be bound. */
export function strangerOf(token: VerifiedToken): Stranger | null {
  const { metadata, spec } = token.issuer;
  const workload = spec.trusts.includes('machines') ? workloadOf(token) : null;
  const audience = spec.audiences.find((one) => token.audiences.includes(one));
  return workload === null || audience === undefined ? null : { ...workload, issuer: metadata.name, iss: spec.issuer, audience, seen: evidenceClaims(token, null) };
}

/** What becomes of it when it was blocked by name. */
export const blockedRefusal = { code: 'blocked', say: 'this workload was blocked here by an administrator' } as const;

function admitMachine(token: VerifiedToken, inventory: Inventory): Judgement {
  if (!token.issuer.spec.trusts.includes('machines')) return refusal(token, null, 'unauthenticated', 'issuer-not-for-machines', `issuer ${token.issuer.metadata.name} is not trusted for machines`);
  const { machine: name, binding, npid } = matched(token, inventory);
  const machine = inventory.machines.get(name);
  if (machine === undefined) return refusal(token, binding, 'unauthorized', 'machine-unknown', 'the machine left the inventory');
  const who: Who = { id: `machine:${name}`, npid, iss: token.issuer.spec.issuer, tok: token.hash, jti: token.jti, owner: machine.spec.owner };
  const stopped = whyStopped(machine, inventory);
  if (stopped !== null) return { ...refusal(token, binding, 'unauthorized', stopped.code, stopped.say), who };
  // A person's token in a machine's hand, whatever binding fits it: the machine is not by itself.
  const behalf = personOf(token, inventory);
  const since = behalf === null ? null : loginTime(token.claims);
  const notFor = behalf === null ? null : whyNotFor(machine, { party: behalf, since }, inventory);
  if (notFor !== null) return { ...refusal(token, binding, answerOf(notFor.code), notFor.code, notFor.say), who };
  const expires = instant(token.expires);
  const act = actorsOf(token.claims);
  return {
    kind: 'admit',
    principal: { kind: 'machine', actor: { machine: id<MachineName>(name), npid, owner: machine.spec.owner, issuer: token.issuer.spec.issuer, tokenHash: token.hash, jti: token.jti, tokenExpires: expires }, ticket: null, behalf, behalfSince: since === null ? null : instant(since) },
    binding: `${name}/${binding.name}`,
    issuer: token.issuer.spec.issuer,
    claims: { ...evidenceClaims(token, binding), ...(act.length === 0 ? {} : { act: act.join(' < ') }), ...(behalf === null ? {} : { on_behalf_of: partyId(behalf) }) },
    expires,
    who,
    spend: null,
    origin: { issuer: token.issuer.metadata.name, binding, act, expires: token.expires },
    proof: () => ({ claims: token.claims, expires: token.expires }),
    use: binding.replay === 'off' ? null : { binding: `${name}/${binding.name}`, key: replayKey(token), mode: binding.replay, until: token.expires + seconds(token.issuer.spec.clockSkew) * 1000 },
  };
}

function isBound(token: VerifiedToken, inventory: Inventory): boolean {
  try {
    matched(token, inventory);
    return true;
  } catch (error) {
    if (error instanceof TokenRefusedError) return error.code !== 'claims-unmatched';
    throw error;
  }
}

/** Who is named by no binding of a machine that could come may still be told that it is retired. */
function matched(token: VerifiedToken, inventory: Inventory): ReturnType<typeof matchBinding> {
  const { name } = token.issuer.metadata;
  try {
    return matchBinding(token, inventory.bindingsOf(name));
  } catch (error) {
    if (!(error instanceof TokenRefusedError) || error.code !== 'claims-unmatched') throw error;
    return matchBinding(token, inventory.retiredOf(name));
  }
}

/** Why a machine may not work now, or null. */
export function whyStopped(machine: MachineDocument, inventory: Inventory): { code: string; say: string } | null {
  const { name } = machine.metadata;
  switch (inventory.stateOf(name)) {
    case 'active':
    case 'attention':
      return null;
    case 'draft':
      return { code: 'machine-draft', say: `machine ${name} is not active yet` };
    case 'retired':
      return { code: 'machine-retired', say: `machine ${name} is retired` };
    case 'suspended':
      if (machine.spec.state !== 'suspended' && inventory.ownerGone(machine)) return { code: 'owner-inactive', say: `the owner of machine ${name} is no longer active; it needs a new one` };
      return stoppedBy(machine, inventory);
  }
}

function stoppedBy({ metadata: { name }, spec }: MachineDocument, inventory: Inventory): { code: string; say: string } {
  const code = 'machine-suspended';
  const decisive = inventory.decisive(name);
  if (spec.state === 'suspended' || decisive === null) return { code, say: `machine ${name} is suspended` };
  return { code, say: `machine ${name} is suspended since ${instant(decisive.since).slice(0, 16)}Z, because ${decisive.cause === 'operator' ? 'an operator stopped it' : decisive.why}; it needs an owner who accepts it, and somebody else who agrees` };
}

function admitPerson(token: VerifiedToken, inventory: Inventory): Judgement {
  if (!token.issuer.spec.trusts.includes('people')) return refusal(token, null, 'unauthenticated', 'issuer-not-for-people', `issuer ${token.issuer.metadata.name} is not trusted for people`);
  const { metadata, spec } = matchPerson(token, inventory.people.values());
  const who: Who = { id: `person:${metadata.name}`, npid: null, iss: token.issuer.spec.issuer, tok: token.hash, jti: token.jti, owner: null };
  if (inventory.gone(metadata.name) !== null) return { kind: 'refuse', answer: 'unauthorized', code: 'person-inactive', say: `${metadata.name} is not active`, issuer: token.issuer.spec.issuer, claims: {}, who };
  if (inventory.loginEnded(metadata.name, loginTime(token.claims))) return { kind: 'refuse', answer: 'unauthenticated', code: 'session-revoked', say: 'this session was revoked: log in again', issuer: token.issuer.spec.issuer, claims: {}, who };
  const expires = instant(token.expires);
  return {
    kind: 'admit',
    principal: { kind: 'person', person: metadata.name, roles: [...spec.roles], groups: [...inventory.approverGroupsOf(metadata.name)], tokenExpires: expires },
    binding: 'person',
    issuer: token.issuer.spec.issuer,
    // Claims about people stay out of evidence: the person's name in the inventory says who it was.
    claims: {},
    expires,
    who,
    use: null,
    spend: null,
    origin: null,
    proof: () => ({ claims: token.claims, expires: token.expires }),
  };
}

function refusal(token: VerifiedToken, binding: TrustBinding | null, answer: 'unauthenticated' | 'unauthorized', code: string, say: string): Refused {
  return { kind: 'refuse', answer, code, say, issuer: token.issuer.spec.issuer, claims: evidenceClaims(token, binding), who: unknownHolder(token) };
}

/** A token that was refused. Claims are told only when its signature was proven: before that they are the sender's invention. */
export function refusedToken({ code, message }: TokenRefusedError, token: VerifiedToken | null): Refused {
  return { kind: 'refuse', answer: 'unauthenticated', code, say: message, issuer: token?.issuer.spec.issuer ?? null, claims: token === null ? {} : evidenceClaims(token, null), who: token === null ? null : unknownHolder(token) };
}

/** The hash goes into evidence for genuine tokens only: what was no token may have been a password, and its hash could be guessed. */
const unknownHolder = (token: VerifiedToken): Who => ({ id: 'unknown', npid: null, iss: token.issuer.spec.issuer, tok: token.hash, jti: token.jti, owner: null });
