import { createHash, randomBytes } from 'node:crypto';
import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';
import { personWho } from '@sallyport/domain-events';
import { instant, uuidv7 } from '@sallyport/domain-model';
import { approvalsAsk, approvalsShow, approvalsSpend, approvalsWithdraw, fail, ok, type Bus, type Caller, type Reply } from '@sallyport/platform-bus';
import { seconds as secondsOf } from '@sallyport/platform-config';
import type { EventToTell, Outbox } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import { whyStopped } from '../model/admit.ts';
import type { Inventory } from '../model/inventory.ts';
import type { IdentityDatabase } from '../store/database.ts';
import { bindingOf, shapeOf, termsOf, textFor, type Asked, type Terms } from './asking.ts';
import { isUuid } from './ender.ts';
import type { Granter } from './granter.ts';
import { placeText, stateOf, type Place } from './grants.ts';
import { mayActFor } from './may.ts';
import type { AccessRequestTable } from './tables.ts';
import { on, requester } from './telling.ts';
import { effectiveEnd } from './until.ts';

export type RequestRow = Selectable<AccessRequestTable>;

export interface RequestsParts {
  readonly db: Kysely<IdentityDatabase>;
  readonly outbox: Pick<Outbox, 'emitAll'>;
  readonly granter: Granter;
  readonly bus: Pick<Bus, 'call'>;
  readonly log: Log;
  readonly now: () => number;
}

/** Requests that one machine may make in an hour, by whatever way. */
const maxAnHour = 20;
/** After people have said no, connecting does not ask again for so long, in milliseconds; asking otherwise does. */
const quietAfterNo = 10 * 60_000;
/** Who asks is waited for by somebody, too. What was not answered in time is asked again by the sweep. In milliseconds. */
const patience = 2_000;
/** Requests that one sweep looks at. */
const maxSwept = 200;

/** A request, and (once, for the machine that made it) what to look at it with. */
export interface Made {
  readonly row: RequestRow;
  readonly poll: string | null;
}

/** Who asks for access, what people say to it, and what is granted then. */
export class Requests {
  readonly #parts: RequestsParts;

  constructor(parts: RequestsParts) {
    this.#parts = parts;
  }

  /** A person asks on a machine's behalf. */
  async askFor(by: Caller, asked: Omit<Asked, 'requester' | 'byConnecting' | 'source'>): Promise<Reply<RequestRow>> {
    const whole: Asked = { ...asked, requester: `person:${by.person}`, byConnecting: false, source: by.source };
    const inventory = await this.#parts.granter.follow();
    if (!mayActFor(by, asked.machine, inventory)) return this.#refused(whole, inventory, 'denied', `asking for ${asked.machine} needs the role operator or admin, or that the machine is yours`);
    const made = await this.ask(whole, inventory);
    return made.ok ? ok(made.value.row) : made;
  }

  /** Idempotent for a machine: while its request is open, asking for the same again is that request. */
  async ask(asked: Asked, inventory: Inventory): Promise<Reply<Made>> {
    const terms = termsOf(asked, inventory);
    if ('code' in terms) return this.#refused(asked, inventory, terms.code, terms.say);
    const poll = asked.requester.startsWith('machine:') && !asked.byConnecting ? randomBytes(24).toString('base64url') : null;
    const outcome = await this.#parts.db.transaction().execute((trx) => this.#make(trx, asked, terms, poll, inventory));
    if (!outcome.ok) return 'known' in outcome ? this.#known(outcome.known, asked) : this.#refused(asked, inventory, outcome.code, outcome.say);
    const row = outcome.row.state === 'pending' ? await this.#present(outcome.row, terms, inventory) : outcome.row;
    if (row.state === 'refused') return fail(row.code ?? 'unanswerable', row.say ?? 'nobody can be asked');
    return ok({ row, poll });
  }

  /** One machine's requests are looked at one after the other, so that neither limit can be raced past. */
  async #make(trx: Transaction<IdentityDatabase>, asked: Asked, terms: Terms, poll: string | null, inventory: Inventory): Promise<{ ok: true; row: RequestRow } | { ok: false; known: RequestRow } | { ok: false; code: string; say: string }> {
    const { outbox, now } = this.#parts;
    const at = now();
    await sql`select pg_advisory_xact_lock(hashtextextended(${`access ${asked.machine}`}, 0))`.execute(trx);
    const open = await atPlace(trx.selectFrom('access_request').selectAll(), asked).where('state', '=', 'pending').executeTakeFirst();
    if (open !== undefined) return { ok: false, known: open };
    const live = (await atPlace(trx.selectFrom('entitlement').selectAll(), asked).where('ended', 'is', null).execute()).find((grant) => stateOf(grant, at) === 'live');
    if (live !== undefined) return { ok: false, code: 'already-entitled', say: `machine ${asked.machine} has access to ${placeText(asked)} until ${instant(live.until.getTime()).slice(0, 19)}Z (entitlement ${live.id})` };
    const { count } = await trx.selectFrom('access_request').select((eb) => eb.fn.countAll<string>().as('count')).where('machine', '=', asked.machine).where('created', '>', new Date(at - 3_600_000)).executeTakeFirstOrThrow();
    if (Number(count) >= maxAnHour) return { ok: false, code: 'rate-limited', say: `machine ${asked.machine} has asked ${maxAnHour} times within the hour; wait` };
    const row = await trx
      .insertInto('access_request')
      .values({
        id: uuidv7(at), kind: asked.kind, path: terms.path.metadata.name, path_version: terms.pathVersion, machine: asked.machine, target: asked.target, role: asked.role, seconds: terms.seconds, uses: terms.uses,
        reason: asked.reason, requester: asked.requester, source: asked.source.slice(0, 64), by_connecting: asked.byConnecting, poll: poll === null ? null : hashOf(poll),
        created: new Date(at).toISOString(), expires: new Date(at + terms.answerWithin * 1000).toISOString(),
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    await outbox.emitAll(trx, [{
      type: 'entitlement.requested',
      data: { request: row.id, path: row.path, machine: row.machine, target: row.target, role: row.role, seconds: row.seconds, uses: row.uses, reason: row.reason, by_connecting: row.by_connecting, approval: null },
      who: requester(row.requester, inventory), on: on(row.target, inventory),
    }]);
    // Immediate access in an emergency: the review is what there is.
    return { ok: true, row: terms.quorum.length === 0 ? await this.#grant(trx, row, { by: [], at }, inventory) : row };
  }

  async #known(row: RequestRow, asked: Asked): Promise<Reply<Made>> {
    const same = row.kind === asked.kind && row.requester === asked.requester && (asked.byConnecting || ((asked.seconds === null || asked.seconds === row.seconds) && (asked.uses === null || asked.uses === row.uses)));
    if (!same || asked.requester.startsWith('person:')) return fail('already-asked', `that is asked for already: request ${row.id}, open until ${instant(row.expires.getTime()).slice(0, 19)}Z`);
    return ok({ row, poll: null });
  }

  /** Connecting is asking, where a path says so. Null: nobody is asked. */
  async byConnecting(place: Place, source: string): Promise<{ readonly request: string; readonly say: string } | null> {
    const inventory = await this.#parts.granter.follow();
    const asked: Asked = { ...place, kind: 'jit', seconds: null, uses: null, reason: 'asked for by connecting', requester: `machine:${place.machine}`, byConnecting: true, source };
    if ('code' in termsOf(asked, inventory)) return null;
    const waiting = await atPlace(this.#parts.db.selectFrom('access_request').selectAll(), place).where('state', '=', 'pending').executeTakeFirst();
    if (waiting !== undefined) return { request: waiting.id, say: saidOf(place, waiting.id) };
    const last = await atPlace(this.#parts.db.selectFrom('access_request').selectAll(), place).orderBy('id', 'desc').limit(1).executeTakeFirst();
    if (last !== undefined && last.state === 'rejected' && this.#parts.now() - (last.decided?.getTime() ?? 0) < quietAfterNo) {
      return { request: last.id, say: `access to ${placeText(place)} was asked for and people said no (request ${last.id})` };
    }
    const made = await this.ask(asked, inventory);
    if (made.ok) return { request: made.value.row.id, say: saidOf(place, made.value.row.id) };
    this.#parts.log.info('connecting was not taken for asking', { machine: place.machine, target: place.target, code: made.error.code });
    return null;
  }

  /** Puts it before people. What cannot be reached now is tried again by the sweep: the same subject is the same approval. */
  async #present(row: RequestRow, { quorum, answerWithin }: Pick<Terms, 'quorum' | 'answerWithin'>, inventory: Inventory): Promise<RequestRow> {
    const { bus, db, now, log } = this.#parts;
    const left = Math.floor((row.expires.getTime() - now()) / 1000);
    if (left < 1) return row;
    const machine = inventory.machines.get(row.machine)?.spec;
    const asked = await bus.call(approvalsAsk, {
      subject: { kind: 'access', id: row.id }, requester: row.requester, owner: machine?.owner ?? null, machine: row.machine, target: row.target, environment: on(row.target, inventory)?.env ?? null, source: row.source,
      text: textFor(row, inventory), shape: shapeOf(row), rules: [row.path], say: `machine ${row.machine} asks for access to ${placeText(row)}`, binding: bindingOf(row), quorum: [...quorum], expiresIn: Math.min(left, answerWithin),
    }, patience);
    if (asked.ok) return db.updateTable('access_request').set({ approval: asked.value.approval, url: asked.value.url }).where('id', '=', row.id).returningAll().executeTakeFirstOrThrow();
    if (asked.error.code === 'unavailable' || asked.error.code === 'internal') {
      log.warn('people could not be asked for access yet', { request: row.id, code: asked.error.code });
      return row;
    }
    return (await this.#close(row.id, 'refused', asked.error.code, asked.error.say)) ?? row;
  }

  /** An approval has come to an end, or may have: looks, and grants what was agreed to. */
  async settle(id: string): Promise<void> {
    const row = await this.find(id);
    if (row === null || row.state !== 'pending') return;
    const { bus, db, granter, now, log } = this.#parts;
    const inventory = await granter.follow();
    if (row.approval === null) {
      if (row.expires.getTime() <= now()) return void (await this.#close(id, 'expired', 'expired', 'people could not be asked in time'));
      const terms = this.#termsNow(row, inventory);
      return 'code' in terms ? void (await this.#close(id, 'refused', terms.code, terms.say)) : void (await this.#present(row, terms, inventory));
    }
    const terms = this.#termsNow(row, inventory);
    if ('code' in terms) {
      await bus.call(approvalsWithdraw, { approval: row.approval, why: terms.say });
      return void (await this.#close(id, 'refused', terms.code, terms.say));
    }
    const agreed = await this.#agreed(row, row.approval);
    if (agreed === 'waiting') return;
    if ('state' in agreed) return void (await this.#close(id, agreed.state, agreed.state, agreed.say));
    await db.transaction().execute(async (trx) => {
      const locked = await trx.selectFrom('access_request').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
      if (locked === undefined || locked.state !== 'pending') return;
      await this.#grant(trx, locked, agreed, inventory);
      log.info('access was granted', { request: id, machine: locked.machine, target: locked.target });
    });
  }

  /** The path must stand as it stood when people read the request. */
  #termsNow(row: RequestRow, inventory: Inventory): Terms | { readonly code: string; readonly say: string } {
    const terms = termsOf({ ...row, byConnecting: row.by_connecting }, inventory);
    if ('code' in terms) return terms;
    const standing = inventory.standing('AccessPath', row.path);
    return terms.path.metadata.name === row.path && standing?.version === row.path_version ? terms : { code: 'no-path', say: `AccessPath ${row.path} was changed after this was asked for: ask again` };
  }

  /** Spends the approval. Who finds it spent, while the request is open still, has died between spending and granting, or is about to in another process: what people said is there to read. */
  async #agreed(row: RequestRow, approval: string): Promise<{ readonly by: readonly string[]; readonly at: number } | { readonly state: 'rejected' | 'expired' | 'withdrawn'; readonly say: string } | 'waiting'> {
    const { bus, now } = this.#parts;
    const spent = await bus.call(approvalsSpend, { approval, subject: { kind: 'access', id: row.id }, binding: bindingOf(row) });
    if (spent.ok) return { by: spent.value.by.map(nameOf), at: Date.parse(spent.value.at) };
    const shown = await bus.call(approvalsShow, { by: null, approval });
    if (!shown.ok) return shown.error.code === 'not-found' && row.expires.getTime() <= now() ? { state: 'expired', say: 'nobody answered in time' } : 'waiting';
    const { state, votes } = shown.value;
    switch (state) {
      case 'consumed': {
        const yes = votes.filter(({ vote }) => vote === 'approve');
        return { by: yes.map(({ by }) => nameOf(by)), at: Math.max(...yes.map(({ at }) => Date.parse(at))) };
      }
      case 'rejected':
        return { state, say: 'people said no' };
      case 'withdrawn':
        return { state, say: 'the request was withdrawn' };
      case 'expired':
        return { state, say: 'nobody answered in time' };
      case 'pending':
      case 'approved':
        return 'waiting';
    }
  }

  /** The window begins with the approval, whenever it is heard of. The caller has made sure that the request is open. */
  async #grant(trx: Transaction<IdentityDatabase>, row: RequestRow, { by, at }: { readonly by: readonly string[]; readonly at: number }, inventory: Inventory): Promise<RequestRow> {
    const { outbox, now } = this.#parts;
    const machine = inventory.machines.get(row.machine);
    const stopped = machine === undefined ? 'the machine left the inventory' : (whyStopped(machine, inventory)?.say ?? null);
    if (machine === undefined || stopped !== null) return this.#closed(trx, row, 'refused', 'machine-not-active', stopped ?? '', inventory);
    const { until, limitedBy } = effectiveEnd({ kind: row.kind, asked: at + row.seconds * 1000, granted: at }, machine, inventory);
    if (until <= now()) return this.#closed(trx, row, 'expired', 'too-late', limitedBy ?? 'its time was over before it could be granted', inventory);
    const id = uuidv7(now());
    await trx.insertInto('entitlement').values({
      id, kind: row.kind, machine: row.machine, target: row.target, role: row.role, document: null, document_version: null, request: row.id, approval: row.approval, approved_by: [...by], reason: row.reason,
      starts: new Date(at).toISOString(), until: new Date(until).toISOString(), limited_by: limitedBy, uses: row.uses,
    }).execute();
    const granted = await trx.updateTable('access_request').set({ state: 'granted', decided: new Date(now()).toISOString() }).where('id', '=', row.id).returningAll().executeTakeFirstOrThrow();
    const parties = { who: requester(row.requester, inventory), on: on(row.target, inventory) };
    const events: EventToTell[] = [{
      type: 'entitlement.granted',
      data: {
        entitlement: id, kind: row.kind, machine: row.machine, target: row.target, role: row.role, from: instant(at), until: instant(until), uses: row.uses, limited_by: limitedBy, request: row.id, approval: row.approval,
        approved_by: by, reason: row.reason,
      },
      ...parties,
    }];
    if (row.kind === 'break-glass') {
      const within = inventory.standing('AccessPath', row.path)?.document;
      const due = at + secondsOf(within?.kind === 'AccessPath' ? (within.spec.breakGlass?.reviewWithin ?? '3d') : '3d') * 1000;
      await trx.insertInto('glass_review').values({ entitlement: id, machine: row.machine, requester: row.requester, barred: barredOf(row.requester, by, machine.spec.owner), opened: new Date(at).toISOString(), due: new Date(due).toISOString() }).execute();
      events.push({ type: 'breakglass.opened', data: { entitlement: id, machine: row.machine, target: row.target, reason: row.reason, by: nameOf(row.requester), until: instant(until) }, ...parties });
    }
    await outbox.emitAll(trx, events);
    return granted;
  }

  async withdraw(by: Caller, id: string, why: string): Promise<Reply<RequestRow>> {
    const inventory = await this.#parts.granter.follow();
    const row = await this.find(id);
    if (row === null) return fail('not-found', `there is no request ${id}`);
    if (row.requester !== `person:${by.person}` && !mayActFor(by, row.machine, inventory)) return fail('denied', 'that is for who asked, for who answers for the machine, and for operators');
    const closed = await this.#close(id, 'withdrawn', 'withdrawn', why, by);
    if (closed === null) return fail('not-pending', `it is ${row.state === 'pending' ? 'decided' : row.state} already`);
    if (row.approval !== null) await this.#parts.bus.call(approvalsWithdraw, { approval: row.approval, why });
    return ok(closed);
  }

  /** Looks at what is open, so that nothing depends on a message that can be lost. */
  async sweep(): Promise<void> {
    const { db, log } = this.#parts;
    const open = await db.selectFrom('access_request').select('id').where('state', '=', 'pending').orderBy('created').limit(maxSwept).execute();
    for (const { id } of open) await this.settle(id).catch((error: unknown) => log.warn('a request for access could not be looked at', { request: id, error }));
  }

  async find(id: string): Promise<RequestRow | null> {
    return isUuid(id) ? ((await this.#parts.db.selectFrom('access_request').selectAll().where('id', '=', id).executeTakeFirst()) ?? null) : null;
  }

  /** Null when it was decided meanwhile. */
  async #close(id: string, state: 'rejected' | 'expired' | 'withdrawn' | 'refused', code: string, say: string, by: Caller | null = null): Promise<RequestRow | null> {
    const inventory = await this.#parts.granter.follow();
    return this.#parts.db.transaction().execute(async (trx) => {
      const row = await trx.selectFrom('access_request').selectAll().where('id', '=', id).where('state', '=', 'pending').forUpdate().executeTakeFirst();
      return row === undefined ? null : this.#closed(trx, row, state, code, say, inventory, by);
    });
  }

  async #closed(trx: Transaction<IdentityDatabase>, row: RequestRow, state: 'rejected' | 'expired' | 'withdrawn' | 'refused', code: string, say: string, inventory: Inventory, by: Caller | null = null): Promise<RequestRow> {
    const after = await trx.updateTable('access_request').set({ state, code, say: say.slice(0, 500), decided: new Date(this.#parts.now()).toISOString() }).where('id', '=', row.id).returningAll().executeTakeFirstOrThrow();
    await this.#parts.outbox.emitAll(trx, [refusedTold(row.id, row, code, say, by === null ? requester(row.requester, inventory) : personWho(by.person), inventory)]);
    return after;
  }

  /** What is not even asked is recorded, too. */
  async #refused(asked: Asked, inventory: Inventory, code: string, say: string): Promise<Reply<never>> {
    const { db, outbox, now } = this.#parts;
    await db.transaction().execute((trx) => outbox.emitAll(trx, [refusedTold(uuidv7(now()), asked, code, say, requester(asked.requester, inventory), inventory)]));
    return fail(code, say);
  }
}

const refusedTold = (request: string, { machine, target, role }: Place, code: string, say: string, who: EventToTell['who'], inventory: Inventory): EventToTell => ({
  type: 'entitlement.refused', data: { request, machine, target, role, code, say: say.slice(0, 500) }, who: who ?? null, on: on(target, inventory),
});

/** Who asked, who said yes, and who owns the machine that asked by itself. */
function barredOf(asked: string, by: readonly string[], owner: string): string[] {
  return [...new Set([asked.startsWith('person:') ? nameOf(asked) : owner, ...by])];
}

const nameOf = (who: string): string => who.replace(/^person:/, '');
const saidOf = (place: Place, request: string): string => `access to ${placeText(place)} needs leave, and people are asked for it now: request ${request}; connect again when they have said yes`;

export const hashOf = (poll: string): Buffer => createHash('sha256').update(poll).digest();

interface Narrowing<Q> {
  where(column: 'machine' | 'target' | 'role', operator: '=' | 'is', value: string | null): Q;
}
const atPlace = <Q extends Narrowing<Q>>(query: Q, { machine, target, role }: Place): Q => query.where('machine', '=', machine).where('target', '=', target).where('role', role === null ? 'is' : '=', role);
