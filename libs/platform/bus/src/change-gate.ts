import { changeBinding, changeSubject, controlOf, governanceDocument, usualGovernance, type BoundChange, type GovernanceSettings, type Seat } from '@sallyport/platform-config';
import type { Bus } from './bus.ts';
import { approvalsShow, approvalsSpend } from './contracts/approvals.ts';
import type { ChangeAuthority, ChangeTerms } from './contracts/change-authority.ts';
import { identityList } from './contracts/identity.ts';
import { fail, ok, type Reply } from './contracts/reply.ts';

/**
 * Stands before what a service writes of its own documents: whether somebody else has to agree, and whether he has. Asked by the service that owns the documents, between
 * planning and writing, so that no way into the installation leads around it.
 *
 * Spending an approval and writing what it allows are not one transaction. They are not torn apart all the same: the same approval, for the same binding, is good again
 * until it is written (`spent` is no refusal here), and the service writes under which change it wrote, once, in the transaction of what it writes.
 */
export class ChangeGate {
  readonly #bus: Pick<Bus, 'call'>;
  readonly #owner: string;

  /** @param owner the service's name, which is part of what is approved */
  constructor(bus: Pick<Bus, 'call'>, owner: string) {
    this.#bus = bus;
    this.#owner = owner;
  }

  /**
   * What writing exactly this needs. Identity is asked, which keeps the settings: what the bus remembers may be from before control was switched on. Null: it cannot be
   * known now, and nothing may be written.
   */
  async terms(changes: readonly BoundChange[]): Promise<ChangeTerms | null> {
    if (touched(changes).length === 0) return this.termsUnder(usualGovernance, changes);
    const settings = await this.#settings();
    return settings === null ? null : this.termsUnder(settings, changes);
  }

  /** The same for who has the settings at hand. */
  termsUnder(settings: GovernanceSettings, changes: readonly BoundChange[], guards?: ReadonlySet<string>): ChangeTerms {
    const { kinds, approvers } = controlOf(settings, touched(changes), guards);
    return { kinds: [...kinds], approvers: approvers.map(({ group, count }) => ({ group, count })), binding: changeBinding(this.#owner, changes, approvers) };
  }

  /** Refuses, or takes the approval for what is about to be written. */
  async leave(terms: ChangeTerms | null, change: ChangeAuthority | null): Promise<Reply<null>> {
    if (terms === null) return fail('unavailable', 'whether this needs approval cannot be known while identity does not answer; nothing was changed');
    const { kinds, binding } = terms;
    if (change === null) return kinds.length === 0 ? ok(null) : fail('change-required', `${kinds.join(', ')}: changed only with the approval of others; propose it: sallyport changes propose -f DIR --title … (or sallyport apply --propose)`);
    if (change.binding !== binding) return fail('base-moved', 'what stands is not what this change was tested against any more, or who has to approve it; test it anew: sallyport changes test');
    if (change.approval === null) return kinds.length === 0 ? ok(null) : fail('not-approved', `${kinds.join(', ')}: needs an approval, and this change comes without one; test it anew: sallyport changes test`);
    const asked = await this.#bus.call(approvalsShow, { by: null, approval: change.approval });
    if (!asked.ok) return fail(asked.error.code, asked.error.say);
    // Whoever asked people chose whom: it has to be those whom the settings name.
    if (seatsText(asked.value.quorum) !== seatsText(terms.approvers)) return fail('mismatch', 'this approval was not asked of those who have to agree to it');
    const spent = await this.#bus.call(approvalsSpend, { approval: change.approval, subject: { kind: 'change', id: changeSubject(change.id, change.round, this.#owner) }, binding });
    // Spent for this very subject and binding: by this service, which did not get to write then.
    if (spent.ok || spent.error.code === 'spent') return ok(null);
    return fail(spent.error.code, spent.error.say);
  }

  async #settings(): Promise<GovernanceSettings | null> {
    const found = await this.#bus.call(identityList, { kind: 'Governance', name: 'default' });
    if (!found.ok) return null;
    const [one] = found.value.documents;
    if (one === undefined) return usualGovernance;
    const parsed = governanceDocument.safeParse(one);
    return parsed.success ? parsed.data.spec : null;
  }
}

const seatsText = (seats: readonly Seat[]): string => seats.map(({ group, count }) => `${count} ${group}`).sort().join(', ');

const touched = (changes: readonly BoundChange[]): readonly BoundChange[] => changes.filter(({ change }) => change !== 'unchanged');
