import type { Who } from '@sallyport/domain-events';
import { id, instant, partyId, type Digest, type MachineName, type Party } from '@sallyport/domain-model';
import type { HeldKeys } from '@sallyport/platform-bus';
import type { TrustBinding } from '@sallyport/platform-config';
import { inRanges, type CertificateRefusal, type TicketRefusal } from '@sallyport/platform-identity';
import { answerOf, whyNotFor, type BehalfRefusal } from './behalf.ts';
import { whyStopped, type Admitted, type Judgement, type Refused } from './admit.ts';
import { canonical, digestOf } from './document.ts';
import type { Inventory } from './inventory.ts';

/** Something that was given in exchange for a token, as it is remembered. */
export interface Ticket {
  readonly id: string;
  readonly kind: 'ticket' | 'ssh-certificate';
  readonly machine: string;
  readonly binding: string;
  readonly bindingDigest: string;
  readonly npid: string;
  /** Name of the Issuer document. */
  readonly issuer: string;
  /** `[role@]target`. */
  readonly targets: readonly string[];
  readonly key: string | null;
  readonly extensions: readonly string[];
  readonly sources: readonly string[];
  readonly act: readonly string[];
  /** On whose behalf; null: the machine's own. */
  readonly behalf: Party | null;
  /** When that person had logged in, milliseconds since 1970; null where it is not known, or no person. */
  readonly behalfSince: number | null;
  /** Address that it was given to. */
  readonly source: string;
  readonly maxUses: number | null;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** What came with it, and for what. */
export interface Presented {
  readonly target: string | null;
  readonly role: string | null;
  readonly holds: HeldKeys | null;
  readonly source: string;
  /** SHA-256 of the ticket, or of the certificate's blob. */
  readonly hash: Digest;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A use that is to be counted before the machine is let in. */
export interface TicketUse {
  readonly ticket: string;
  readonly kind: Ticket['kind'];
  /** Where it was given to: what makes one use too many a replay. */
  readonly source: string;
}

/** `[role@]target` */
export const asked = (target: string, role: string | null): string => (role === null ? target : `${role}@${target}`);

/** What a trust binding is remembered by. */
export const bindingDigest = (binding: TrustBinding): string => digestOf(canonical(binding));

/** Whether a ticket lets its machine in for this target, from here, now. What is counted (uses, revocation) is looked at when it is spent. */
export function admitTicket(ticket: Ticket, { target, role, holds, source, hash, now }: Presented, inventory: Inventory): Judgement {
  const issuer = inventory.issuers.find(({ metadata }) => metadata.name === ticket.issuer);
  const machine = inventory.machines.get(ticket.machine);
  const iss = issuer?.spec.issuer ?? null;
  const who: Who = { id: `machine:${ticket.machine}`, npid: ticket.npid, iss, tok: hash, jti: ticket.id, owner: machine?.spec.owner ?? null };
  const claims = { ticket: ticket.id, ...(ticket.act.length === 0 ? {} : { act: ticket.act.join(' < ') }), ...(ticket.behalf === null ? {} : { on_behalf_of: partyId(ticket.behalf) }) };
  const no = (code: TicketRefusal | CertificateRefusal | BehalfRefusal | 'machine-unknown', say: string, more: Partial<Refused> = {}): Judgement => ({ kind: 'refuse', answer: 'unauthenticated', code, say, issuer: iss, claims, who, ...more });

  if (ticket.expires <= now) return no(ticket.kind === 'ticket' ? 'ticket-expired' : 'certificate-expired', 'the ticket has expired: exchange a token for a new one');
  if (target === null) return no('ticket-target-unnamed', 'a ticket is for one door to a target, and this one names none');
  if (!ticket.targets.includes(asked(target, role))) return no(ticket.kind === 'ticket' ? 'ticket-target-wrong' : 'certificate-principal-wrong', 'it was not granted for this target and role: exchange with audience=[role@]target of this very target and role');
  if (ticket.key !== null && !proven(ticket.key, holds)) return no('ticket-key-wrong', `the ticket is bound to a key (${ticket.key.split(':', 1).join('')}) that was not proven on this connection`);
  if (ticket.sources.length > 0 && !inRanges(source, ticket.sources)) {
    return no('ticket-source-wrong', 'it is for other addresses than the one that you come from: exchange with source_address= the address that the gateway sees', { replay: { binding: `${ticket.machine}/${ticket.binding}`, first: ticket.source } });
  }
  if (machine === undefined) return no('machine-unknown', 'the machine left the inventory', { answer: 'unauthorized' });
  const stopped = whyStopped(machine, inventory);
  if (stopped !== null) return { kind: 'refuse', answer: 'unauthorized', ...stopped, issuer: iss, claims, who };
  const notFor = ticket.behalf === null ? null : whyNotFor(machine, { party: ticket.behalf, since: ticket.behalfSince }, inventory);
  if (notFor !== null) return no(notFor.code, notFor.say, { answer: answerOf(notFor.code) });
  const binding = machine.spec.bindings.find(({ name }) => name === ticket.binding);
  if (issuer === undefined || !issuer.spec.trusts.includes('machines') || binding === undefined || bindingDigest(binding) !== ticket.bindingDigest) {
    return no(ticket.kind === 'ticket' ? 'ticket-revoked' : 'certificate-revoked', 'the trust binding that it came of was changed: exchange a token anew');
  }
  const expires = instant(ticket.expires);
  return {
    kind: 'admit',
    principal: {
      kind: 'machine',
      actor: { machine: id<MachineName>(ticket.machine), npid: ticket.npid, owner: machine.spec.owner, issuer: issuer.spec.issuer, tokenHash: hash, jti: ticket.id, tokenExpires: expires },
      ticket: { kind: ticket.kind, id: ticket.id, targets: [...ticket.targets], extensions: [...ticket.extensions], act: [...ticket.act] },
      behalf: ticket.behalf,
      behalfSince: ticket.behalfSince === null ? null : instant(ticket.behalfSince),
    },
    binding: `${ticket.machine}/${ticket.binding}`,
    issuer: issuer.spec.issuer,
    claims,
    expires,
    who,
    use: null,
    spend: { ticket: ticket.id, kind: ticket.kind, source: ticket.source },
    origin: null,
    proof: null,
  };
}

/** `key` is what a ticket is bound to; an SSH certificate's own key was proven by whoever shows the certificate. */
function proven(key: string, holds: HeldKeys | null): boolean {
  const held = holds === null ? [] : [['ssh', holds.ssh], ['x5t#S256', holds.x5t], ['jkt', holds.jkt]];
  return held.some(([kind, value]) => value !== null && key === `${kind}:${value}`);
}

/** What became of a use when it was counted. */
export type Spent = 'spent' | 'revoked' | 'used-up';

/** An admission whose ticket turned out to be spent or revoked. */
export function refusedUse(judgement: Admitted, use: TicketUse, spent: Exclude<Spent, 'spent'>): Judgement {
  const { issuer, claims, who, binding } = judgement;
  const said = { kind: 'refuse', answer: 'unauthenticated', issuer, claims, who } as const;
  const certificate = use.kind === 'ssh-certificate';
  if (spent === 'revoked') return { ...said, code: certificate ? 'certificate-revoked' : 'ticket-revoked', say: 'it was revoked: exchange a token anew' };
  return { ...said, code: certificate ? 'certificate-used-up' : 'ticket-used-up', say: 'it was used as often as it may be: exchange a token anew', replay: { binding, first: use.source } };
}
