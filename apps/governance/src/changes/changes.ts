import {
  approvalsAsk, approvalsShow, approvalsWithdraw, fail, ok, type Bus, type Caller, type ChangeState, type ChangeSummary, type ChangeView, type Reply,
} from '@sallyport/platform-bus';
import { changeSubject } from '@sallyport/platform-config';
import type { Log } from '@sallyport/platform-telemetry';
import { activate } from './activate.ts';
import type { ChangeStore, NewChange } from './change-store.ts';
import { policySet, readContent, type Content, type PolicyText, type Share } from './content.ts';
import type { Owners } from './owners.ts';
import { rollBackOf } from './roll-back.ts';
import { activatorOf, approversOf, beforeOf, contentOf, ownerOfPart, stepsOf, summary, view, warningsOf, type ChangeRow, type PartRow } from './rows.ts';
import { tryShare, type TriedPart } from './try-share.ts';
import { approvalText, shapeOf } from './wording.ts';

/** How long people have to agree, and whoever activates to do it: seven days, in seconds. */
const approvalSeconds = 604_800;
/** The longest text that an approval is asked for with, in characters; people have to be shown all of it. */
const maxText = 262_144;
/** An activation that nobody has worked on for so long is carried on, in milliseconds. */
const halfDoneMs = 15_000;
const sweepAtOnce = 200;
/** Approvals are looked at every so many sweeps: the bus tells of them as a rule. */
const lookEvery = 10;

export interface ChangesParts {
  readonly store: ChangeStore;
  readonly owners: Owners;
  readonly bus: Pick<Bus, 'call'>;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** How many recorded decisions would have been others with this policy set; null where that cannot be said. */
  readonly changedDecisions?: (by: Caller, files: readonly PolicyText[]) => Promise<number | null>;
}

type Answer = Promise<Reply<ChangeView>>;

/**
 * Changes to policies, documents and settings that more than one person makes:
 *
 *     proposed → waiting → approved → activating → activated
 *         ↑ tested   |         |           |
 *         +----------+---------+-----------+   expired, or what it was tested against has moved
 *     proposed, waiting, approved → withdrawn;   waiting → rejected
 *
 * Nothing here decides whether something may be written: the services that own the documents do, by the approval that they spend themselves.
 */
export class Changes {
  readonly #of: ChangesParts;
  #sweeps = 0;

  constructor(of: ChangesParts) {
    this.#of = of;
  }

  /** Keeps it and tries it at once. */
  async propose(by: Caller, asked: { readonly title: string; readonly ticket: string | null; readonly content: Content }): Answer {
    return this.#propose(by, { ...asked, rollsBack: null });
  }

  async #propose(by: Caller, { title, ticket, content, rollsBack }: Pick<NewChange, 'title' | 'ticket' | 'content' | 'rollsBack'>): Answer {
    const refusal = await this.#mayAct(by, 'new');
    if (refusal !== null) return refusal;
    const known = await this.#of.owners.isPerson(by.person);
    if (!known.ok) return known;
    if (!known.value) return this.#no(by, 'new', 'denied', `${by.person} is nobody of the inventory: a change needs an author who can be told from those who approve it; log in as yourself`);
    const read = readContent(content);
    if (!read.ok) return this.#no(by, 'new', 'invalid', read.say);
    const id = await this.#of.store.insert(by, { title, ticket, content, kinds: read.kinds, count: read.count, digest: read.digest, rollsBack });
    if (id === null) return this.#no(by, rollsBack ?? 'new', 'already-rolled-back', 'this change is rolled back already, or a roll back of it is under way');
    const row = await this.#of.store.find(id);
    if (row === undefined) return fail('internal', 'a change that was just written is not there');
    const tested = await this.#test(by, row);
    // Kept all the same: `sallyport changes test` goes on where this stopped.
    return tested.ok || tested.error.code === 'unavailable' ? this.#show(id) : tested;
  }

  async test(by: Caller, id: string): Answer {
    const found = await this.#actOn(by, id);
    if (!found.ok) return found;
    if (!['proposed', 'waiting', 'approved'].includes(found.value.state)) return this.#no(by, id, 'not-open', `this change is ${found.value.state}`);
    return this.#test(by, found.value);
  }

  async #test(by: Caller, row: ChangeRow): Answer {
    const { store, owners } = this.#of;
    const read = readContent(contentOf(row));
    if (!read.ok) return this.#failed(by, row, read.say);
    const parts: TriedPart[] = [];
    for (const share of read.shares) {
      const tried = await tryShare(owners, by, share);
      if (!tried.ok && (tried.error.code === 'unavailable' || tried.error.code === 'internal')) return fail('unavailable', `${share.owner}: ${tried.error.say}`);
      if (!tried.ok) return this.#failed(by, row, `${share.owner}: ${tried.error.say}`);
      parts.push(tried.value);
    }
    const texts = parts.map((part) => part.text);
    const long = parts.find((part) => part.terms.kinds.length > 0 && approvalText(row, part).length > maxText);
    if (long !== undefined) return this.#failed(by, row, `${long.owner}: what approvers would have to read is longer than ${maxText} characters; propose it in several changes`);
    if (parts.every(({ steps }) => steps.every(({ change }) => change === 'unchanged'))) return this.#failed(by, row, 'nothing would change: everything stands as this change wants it');
    if ((await store.tested(by, row, parts, texts, await this.#changedDecisions(by, read.shares))) !== 'moved') return fail('conflict', 'somebody else works on this change at the same moment; look at it again');
    for (const part of await store.parts(row.id)) await this.#look(part);
    await this.#dropForNothing();
    return this.#show(row.id);
  }

  /** What the past says of the policy set as it would be. */
  async #changedDecisions(by: Caller, shares: readonly Share[]): Promise<number | null> {
    const share = shares.find(({ owner }) => owner === 'policy');
    const standing = share === undefined ? null : await this.#of.owners.policies();
    if (share === undefined || standing?.ok !== true) return null;
    return (await this.#of.changedDecisions?.(by, policySet(standing.value, share))) ?? null;
  }

  async #failed(by: Caller, row: ChangeRow, say: string): Answer {
    await this.#of.store.unfit(by, row, say, ['proposed', 'waiting', 'approved']);
    await this.#dropForNothing();
    return this.#show(row.id);
  }

  async activate(by: Caller, id: string): Answer {
    const found = await this.#actOn(by, id);
    if (!found.ok) return found;
    for (const part of await this.#of.store.parts(id)) if (found.value.state === 'waiting' || found.value.state === 'approved') await this.#look(part);
    const row = await this.#of.store.find(id);
    switch (row?.state) {
      case 'activated':
        return this.#show(id);
      case 'approved':
        if ((await this.#of.store.claim(by, row)) !== 'moved') return fail('conflict', 'somebody else works on this change at the same moment; look at it again');
        break;
      case 'activating':
        break;
      case 'waiting':
        return this.#no(by, id, 'not-approved', 'this change still waits for approval');
      case 'proposed':
        return this.#no(by, id, 'not-approved', `this change has to be tested first: ${row.say}`);
      default:
        return this.#no(by, id, 'not-open', `this change is ${row?.state ?? 'gone'}`);
    }
    const done = await activate(this.#of, by, id);
    await this.#dropForNothing();
    if (!done.ok) return done.error.code === 'unavailable' ? done : this.#no(by, id, done.error.code, done.error.say);
    return this.#show(id);
  }

  async rollBack(by: Caller, id: string, ticket: string | null): Answer {
    const found = await this.#actOn(by, id);
    if (!found.ok) return found;
    const applied = (await this.#of.store.parts(id, 'every')).filter((part) => part.applied);
    if (found.value.state !== 'activated') return this.#no(by, id, 'not-activated', `this change is ${found.value.state}: there is nothing to roll back`);
    const content = rollBackOf(applied.map((part) => ({ round: part.round, steps: stepsOf(part), before: beforeOf(part) })));
    return this.#propose(by, { title: `Roll back: ${found.value.title}`.slice(0, 200), ticket: ticket ?? found.value.ticket, content, rollsBack: id });
  }

  async withdraw(by: Caller, id: string, why: string): Answer {
    const found = await this.#actOn(by, id);
    if (!found.ok) return found;
    if ((await this.#of.store.withdraw(by, id, why)) !== 'moved') return this.#no(by, id, 'not-open', `this change is ${found.value.state}`);
    await this.#dropForNothing();
    return this.#show(id);
  }

  async list({ state, before, limit }: { readonly state: ChangeState | null; readonly before: string | null; readonly limit: number }): Promise<Reply<{ changes: ChangeSummary[]; total: number }>> {
    if (before !== null && !uuid.test(before)) return fail('invalid', 'before: is no id of a change');
    const { found, total } = await this.#of.store.page(state, before, limit);
    return ok({ changes: found.map(summary), total });
  }

  async show(id: string): Answer {
    return uuid.test(id) ? this.#show(id) : fail('not-found', 'there is no such change');
  }

  async #show(id: string): Answer {
    const row = await this.#of.store.find(id);
    return row === undefined ? fail('not-found', 'there is no such change') : ok(view(row, await this.#of.store.parts(id)));
  }

  /** An approval came to something, as the bus tells. */
  async hear(approval: string): Promise<void> {
    const part = await this.#of.store.byApproval(approval);
    if (part !== undefined) await this.#look(part);
  }

  /** What the bus did not tell, what a process that died left half done, and approvals that are for nothing any more. Again and again; idempotent. */
  async sweep(): Promise<void> {
    const { store, now } = this.#of;
    const which = this.#sweeps++ % lookEvery === 0 ? 'all' : 'not-asked';
    for (const part of await store.open(which, sweepAtOnce)) await this.#look(part);
    for (const row of await store.halfDone(new Date(now() - halfDoneMs), sweepAtOnce)) if (row.activator !== null) await activate(this.#of, activatorOf(row.activator), row.id);
    await this.#dropForNothing();
  }

  /** Asks for a part's approval, or sees what became of it. Does nothing for what is not of the newest round. */
  async #look(part: PartRow): Promise<void> {
    const { store, bus, log } = this.#of;
    const row = await store.find(part.change);
    if (row === undefined || row.round !== part.round || (row.state !== 'waiting' && row.state !== 'approved') || part.kinds.length === 0) return;
    if (part.approval === null) return this.#ask(row, part);
    const found = await bus.call(approvalsShow, { by: null, approval: part.approval });
    if (!found.ok) return log.warn('an approval of a change cannot be looked at yet', { change: part.change, code: found.error.code });
    const { state, votes } = found.value;
    switch (state) {
      case 'approved':
        await store.approved(part, votes.filter(({ vote }) => vote === 'approve').map(({ by }) => by));
        return;
      case 'rejected':
        await store.rejected(part, votes.find(({ vote }) => vote === 'reject')?.by ?? 'somebody');
        return this.#dropForNothing();
      case 'expired':
      case 'withdrawn':
        await store.approvalEnded(part, state);
        await store.unfit(null, row, `the approval for ${part.owner} is ${state}; test it anew`, ['waiting', 'approved']);
        return this.#dropForNothing();
      case 'pending':
      case 'consumed':
        return;
    }
  }

  /** The same part asked again gets the same approval: this may be done as often as it takes. */
  async #ask(row: ChangeRow, part: PartRow): Promise<void> {
    const { store, bus, log } = this.#of;
    const owner = ownerOfPart(part);
    const tried: TriedPart = { owner, steps: stepsOf(part), warnings: warningsOf(part), terms: { kinds: part.kinds, approvers: approversOf(part), binding: part.binding }, text: part.text, before: [] };
    const kinds = part.kinds.join(', ');
    const asked = await bus.call(approvalsAsk, {
      subject: { kind: 'change', id: changeSubject(row.id, part.round, owner) }, requester: `person:${row.author}`, owner: null, machine: null, target: null, environment: null, source: 'governance',
      text: approvalText(row, tried), shape: shapeOf(row.id, tried), rules: part.kinds.map((kind) => `changeControl:${kind}`), say: `changing ${kinds} needs the approval of others`,
      binding: part.binding, quorum: approversOf(part), expiresIn: approvalSeconds,
    });
    if (asked.ok) return store.asked(part, asked.value.approval);
    if (asked.error.code === 'unavailable') return log.warn('people cannot be asked about a change yet', { change: row.id, code: asked.error.code });
    await store.unfit(null, row, `${owner}: nobody can be asked: ${asked.error.say}`, ['waiting']);
  }

  async #dropForNothing(): Promise<void> {
    const { store, bus } = this.#of;
    for (const part of await store.forNothing(sweepAtOnce)) {
      if (part.approval === null) continue;
      const dropped = await bus.call(approvalsWithdraw, { approval: part.approval, why: 'the change that it was for was tested anew, or has ended' });
      if (dropped.ok || dropped.error.code !== 'unavailable') await store.approvalEnded(part, 'withdrawn');
    }
  }

  async #actOn(by: Caller, id: string): Promise<Reply<ChangeRow>> {
    const refusal = await this.#mayAct(by, id);
    if (refusal !== null) return refusal;
    const row = uuid.test(id) ? await this.#of.store.find(id) : undefined;
    return row === undefined ? this.#no(by, id, 'not-found', 'there is no such change') : ok(row);
  }

  async #mayAct(by: Caller, id: string): Promise<Reply<never> | null> {
    return by.roles.includes('admin') ? null : this.#no(by, id, 'denied', 'changes need the role admin');
  }

  async #no(by: Caller, id: string, code: string, say: string): Promise<Reply<never>> {
    await this.#of.store.refused(by, id.slice(0, 64), code, say);
    return fail(code, say);
  }
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
