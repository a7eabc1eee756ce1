import type { Party } from '@sallyport/domain-model';
import { actorsOf, chainLength, loginTime, mayAct } from '@sallyport/platform-identity';
import type { Admitted } from '../model/admit.ts';
import { whyNotFor } from '../model/behalf.ts';
import type { Inventory } from '../model/inventory.ts';
import { OAuthError } from './oauth-error.ts';

/** Parties that acted before, in both tokens together: who goes through more hands than these is not known well enough to be acted for. */
export const longestChain = 4;

/** What an exchange gives besides: on whose behalf, for how long at most, and who acted before. */
export interface Delegation {
  readonly behalf: Party;
  /** When that person had logged in, milliseconds since 1970; null for machines, and where the token does not say. */
  readonly since: number | null;
  /** Milliseconds since 1970. */
  readonly expires: number;
  readonly act: readonly string[];
}

/** What comes of two tokens, each of which was verified by itself: that of the party, and that of the machine that acts for it. Throws OAuthError. */
export function delegate(actor: Admitted, subject: Admitted, inventory: Inventory): Delegation {
  const no = (reason: string, say: string) => new OAuthError('invalid_request', reason, say);
  if (actor.principal.kind !== 'machine' || actor.proof === null || subject.proof === null) throw no('not-exchangeable', 'these tokens are not exchanged');
  const [own, theirs] = [actor.proof(), subject.proof()];
  if (actor.principal.behalf !== null) throw no('actor-delegated', 'the actor token is for somebody else already: bring the machine’s own (actor-delegated)');
  if (subject.principal.kind === 'machine' && subject.principal.behalf !== null) throw no('subject-delegated', 'the subject token is of a machine on somebody else’s behalf: bring the token of that party (subject-delegated)');
  if (!mayAct(theirs.claims, own.claims)) throw no('may-act', 'the subject token says who may act for it (may_act), and that is not this actor (may-act)');
  const chain = chainLength(theirs.claims, longestChain) + chainLength(own.claims, longestChain);
  if (chain > longestChain) throw no('chain-too-long', `the tokens went through more than ${longestChain} parties already (chain-too-long)`);
  const behalf = partyOf(subject);
  const machine = inventory.machines.get(actor.principal.actor.machine);
  if (machine === undefined) throw no('machine-stopped', 'the machine left the inventory');
  const since = behalf.kind === 'person' ? loginTime(theirs.claims) : null;
  const refused = whyNotFor(machine, { party: behalf, since }, inventory);
  if (refused !== null) throw no(refused.code, `${refused.say} (${refused.code})`);
  return { behalf, since, expires: theirs.expires, act: [...actorsOf(theirs.claims), ...actorsOf(own.claims)] };
}

function partyOf({ principal }: Admitted): Party {
  return principal.kind === 'person' ? { kind: 'person', name: principal.person } : { kind: 'machine', name: principal.actor.machine };
}
