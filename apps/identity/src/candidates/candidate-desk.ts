import type { Kysely } from 'kysely';
import { personWho } from '@sallyport/domain-events';
import { fail, ok, type Caller, type CandidateSeen, type MachineFacts, type Reply } from '@sallyport/platform-bus';
import type { IssuerDocument, TrustBinding } from '@sallyport/platform-config';
import type { Outbox } from '@sallyport/platform-store';
import { draftMachine, Owners } from '../imports/draft.ts';
import { Neighbours } from '../imports/neighbours.ts';
import type { Applier } from '../store/applier.ts';
import type { IdentityDatabase } from '../store/database.ts';
import type { CandidateState } from '../store/inventory-tables.ts';
import type { Registry } from '../store/registry.ts';
import { candidateById, decide, listCandidates, type CandidateQuery } from './candidates.ts';
import { suggestBinding } from './suggest-binding.ts';

export interface DeskParts {
  readonly db: Kysely<IdentityDatabase>;
  readonly outbox: Pick<Outbox, 'emit'>;
  readonly registry: Registry;
  readonly applier: Pick<Applier, 'apply'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface Adoption {
  readonly by: Caller;
  readonly candidate: string;
  readonly name: string;
  readonly facts: MachineFacts;
  readonly claims: TrustBinding['claims'] | null;
  readonly justification: string | null;
  readonly dryRun: boolean;
}

type Adopted = Reply<{ document: unknown; changes: { kind: string; name: string; change: 'created' | 'updated' | 'removed' | 'unchanged'; version: number }[]; warnings: string[] }>;

const readers = ['admin', 'operator', 'auditor'];
/** Who was blocked is taken back first: somebody meant it. */
const adoptable: readonly CandidateState[] = ['open', 'dismissed'];

/** Where people decide about those who came and are bound to no machine. */
export class CandidateDesk {
  readonly #parts: DeskParts;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  async list(by: Caller, query: CandidateQuery): Promise<Reply<{ candidates: CandidateSeen[]; total: number }>> {
    if (!may(by, readers)) return fail('denied', 'candidates are shown to the roles admin, operator and auditor');
    return ok(await listCandidates(this.#parts.db, query));
  }

  async show(by: Caller, id: string): Promise<Reply<{ candidate: CandidateSeen; binding: Record<string, unknown> }>> {
    if (!may(by, readers)) return fail('denied', 'candidates are shown to the roles admin, operator and auditor');
    const candidate = await candidateById(this.#parts.db, id);
    if (candidate === null) return unknown(id);
    const issuer = await this.#issuerOf(candidate);
    return ok({ candidate, binding: issuer === null ? {} : suggestBinding(candidate, issuer, null) });
  }

  /** Blocks it, takes it off the list, or takes either back. */
  async decide(by: Caller, id: string, decision: 'block' | 'dismiss' | 'reopen', reason: string | null): Promise<Reply<CandidateSeen>> {
    const { db, outbox, now } = this.#parts;
    const who = personWho(by.person);
    if (!may(by, ['admin'])) {
      await db.transaction().execute((trx) => outbox.emit(trx, 'operator.acted', { action: `candidate.${decision}`, object: id, ok: false, code: 'denied' }, { who }));
      return fail('denied', 'deciding about candidates needs the role admin');
    }
    const [state, from, told] = decisions[decision];
    const decided = await db.transaction().execute(async (trx) => {
      const after = await decide(trx, { candidate: id, state, by: by.person, at: now(), reason, machine: null }, from);
      if (after === null) return null;
      if (told === null) await outbox.emit(trx, 'operator.acted', { action: 'candidate.reopen', object: id, ok: true, code: null }, { who });
      else await outbox.emit(trx, 'nhi.candidate_decided', { candidate: id, decision: told, machine: null }, { who });
      return after;
    });
    if (decided !== null) return ok(decided);
    const stands = await candidateById(db, id);
    return stands === null ? unknown(id) : fail('conflict', `it is ${stands.state} already${stands.machine === null ? '' : `, as machine ${stands.machine}`}`);
  }

  /** Drafts a machine of it. */
  async adopt({ by, candidate: id, name, facts, claims, justification, dryRun }: Adoption): Promise<Adopted> {
    const { registry, applier, now, db } = this.#parts;
    // Refused there, with its record.
    if (!may(by, ['admin'])) return denied(await applier.apply({ by, documents: [], dryRun, prune: false }));
    const candidate = await candidateById(db, id);
    if (candidate === null) return unknown(id);
    const issuer = await this.#issuerOf(candidate);
    if (issuer === null) return fail('conflict', `issuer ${candidate.issuer} is not what it was when this came (${candidate.iss}): dismiss the candidate`);
    if (candidate.state === 'adopted') return fail('conflict', `it was adopted already, as machine ${candidate.machine ?? '?'}`);
    if (candidate.state === 'blocked') return fail('conflict', 'it is blocked: take that back first, with reopen');
    const { inventory } = registry;
    const before = inventory.standing('Machine', name);
    if (before !== undefined) return fail('conflict', `the name ${name} is taken${before.document === null ? ' by a machine that was removed' : ''}: choose another`);
    const binding = { ...suggestBinding(candidate, issuer, claims), ...(justification === null ? {} : { justification }) };
    const neighbour = new Neighbours(inventory, 'without-retired').of(binding);
    if (neighbour !== null) return fail('invalid', `a token could be this and machine ${neighbour} at once, and would be refused: add a claim that tells them apart (binding-overlap)`);
    const owners = new Owners(inventory);
    const [owner, backup] = [owners.find(facts.owner), owners.find(facts.backupOwner)];
    if (!('person' in owner)) return fail('invalid', `owner: ${owner.say} (${owner.code})`);
    if (!('person' in backup)) return fail('invalid', `backupOwner: ${backup.say} (${backup.code})`);
    const drafted = draftMachine({ name, facts: { ...facts, owner: owner.person, backupOwner: backup.person }, bindings: [binding] });
    if (!drafted.ok) return fail('invalid', drafted.say);
    const applied = await applier.apply({
      by, documents: [drafted.document], dryRun, prune: false,
      with: async (trx) => {
        const adopted = await decide(trx, { candidate: id, state: 'adopted', by: by.person, at: now(), reason: null, machine: name }, adoptable);
        return adopted === null ? null : [{ type: 'nhi.candidate_decided', data: { candidate: id, decision: 'adopted', machine: name }, who: personWho(by.person) }];
      },
    });
    return applied.ok ? ok({ document: drafted.document, changes: applied.value.changes, warnings: applied.value.warnings }) : applied;
  }

  /** Null when the issuer is gone, or its name means another one now. */
  async #issuerOf({ issuer, iss }: CandidateSeen): Promise<IssuerDocument | null> {
    const { issuers } = await this.#parts.registry.follow();
    return issuers.find(({ metadata, spec }) => metadata.name === issuer && spec.issuer === iss) ?? null;
  }
}

const decisions = {
  block: ['blocked', ['open', 'dismissed'], 'blocked'],
  dismiss: ['dismissed', ['open', 'blocked'], 'dismissed'],
  reopen: ['open', ['blocked', 'dismissed'], null],
} as const satisfies Readonly<Record<string, readonly [CandidateState, readonly CandidateState[], 'blocked' | 'dismissed' | null]>>;

const may = (by: Caller, roles: readonly string[]) => roles.some((role) => by.roles.includes(role));
const denied = (reply: Reply<unknown>) => (reply.ok ? fail('denied', 'adopting a candidate needs the role admin') : reply);
const unknown = (id: string) => fail('not-found', `there is no candidate ${id}; those that nobody decided about go when many come`);
