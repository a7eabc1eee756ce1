import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import {
  accessState, entitlementKind, entitlementState, identityAsk, identityBreakGlasses, identityEntitlement, identityEntitlements, identityRequests, identityReviewGlass, identityRevoke, identityWithdraw, type AccessRequest, type BrokenGlass, type Bus,
  type Caller, type Entitlement,
} from '@sallyport/platform-bus';
import { z } from 'zod';
import { Audit } from '../auth/audit.ts';
import { By } from '../auth/request.ts';
import { BusOf } from '../bus-of.ts';
import { valueOf } from '../errors/api-error.ts';
import { Answers } from './answers.ts';
import { byId } from './shapes.ts';

const name = z.string().min(1).max(63);
const page = { after: z.uuid().optional(), limit: z.coerce.number().int().min(1).max(1000).default(50) };
const where = { machine: name.optional(), target: name.optional() };
const why = z.string().min(3).max(500);

const entitlementsQuery = z.strictObject({ ...page, ...where, state: entitlementState.optional(), kind: entitlementKind.optional(), role: name.optional(), document: name.optional(), unusedDays: z.coerce.number().int().min(1).max(10_000).optional() });
const requestsQuery = z.strictObject({ ...page, ...where, state: accessState.optional(), kind: z.enum(['jit', 'break-glass']).optional(), id: z.uuid().optional() });
const glassesQuery = z.strictObject({ ...page, ...where, open: z.enum(['true', 'false']).default('true') });
const whyBody = z.strictObject({ why });
const askBody = z.strictObject({
  machine: name, target: name, role: name.nullable().default(null), seconds: z.int().min(60).max(31_536_000).nullable().default(null), uses: z.int().min(1).max(1000).nullable().default(null), reason: z.string().min(10).max(500),
});
const glassBody = askBody.omit({ uses: true });
const reviewBody = z.strictObject({ finding: z.enum(['justified', 'not-justified']), say: z.string().min(10).max(2000) });

/** Null instead of absent, as the contracts have it. */
const orNull = <T>(value: T | undefined): T | null => value ?? null;

/** What machines may reach, until when; who asks for more; and what happened in emergencies. Identity decides, and records each step. */
@Controller('v1')
export class EntitlementsController {
  readonly #bus: Bus;

  constructor(
    { bus }: BusOf,
    private readonly audit: Audit,
  ) {
    this.#bus = bus;
  }

  @Get('entitlements')
  @Answers('entitlements, newest first. `total` counts all that fit, on every page; `next` is the next page’s `after`', identityEntitlements.value)
  async entitlements(@By() by: Caller, @Query({ schema: entitlementsQuery }) query: z.output<typeof entitlementsQuery>): Promise<z.output<typeof identityEntitlements.value>> {
    const { after, limit, machine, target, state, kind, role, document, unusedDays } = query;
    return valueOf(await this.#bus.call(identityEntitlements, {
      by, limit, after: orNull(after), machine: orNull(machine), target: orNull(target), state: orNull(state), kind: orNull(kind), role: orNull(role), document: orNull(document), unusedDays: orNull(unusedDays),
    }));
  }

  @Get('entitlements/:id')
  @Answers('one entitlement, with the last hundred sessions that came by it', identityEntitlement.value)
  async entitlement(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>): Promise<z.output<typeof identityEntitlement.value>> {
    return valueOf(await this.#bus.call(identityEntitlement, { by, entitlement: id }));
  }

  @Post('entitlements/:id/revoke')
  @Answers('ends an entitlement now, and the sessions that are there by it; for operators, administrators and those who answer for the machine', identityRevoke.value)
  revoke(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>, @Body({ schema: whyBody }) body: z.output<typeof whyBody>): Promise<Entitlement> {
    return this.audit.during(by, 'entitlement.revoke', id, async () => valueOf(await this.#bus.call(identityRevoke, { by, entitlement: id, why: body.why })));
  }

  @Get('access-requests')
  @Answers('who asked for access, newest first, and what became of it', identityRequests.value)
  async requests(@By() by: Caller, @Query({ schema: requestsQuery }) query: z.output<typeof requestsQuery>): Promise<z.output<typeof identityRequests.value>> {
    const { after, limit, machine, target, state, kind, id } = query;
    return valueOf(await this.#bus.call(identityRequests, { by, limit, after: orNull(after), machine: orNull(machine), target: orNull(target), state: orNull(state), kind: orNull(kind), request: orNull(id) }));
  }

  @Post('access-requests')
  @Answers('asks for access on a machine’s behalf, where an AccessPath lets it; people are asked then', identityAsk.value)
  ask(@By() by: Caller, @Body({ schema: askBody }) body: z.output<typeof askBody>): Promise<AccessRequest> {
    return this.audit.during(by, 'access.request', body.machine, async () => valueOf(await this.#bus.call(identityAsk, { by, ...body, breakGlass: false })));
  }

  @Post('access-requests/:id/withdraw')
  @Answers('takes a request back that is open', identityWithdraw.value)
  withdraw(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>, @Body({ schema: whyBody }) body: z.output<typeof whyBody>): Promise<AccessRequest> {
    return this.audit.during(by, 'access.withdraw', id, async () => valueOf(await this.#bus.call(identityWithdraw, { by, request: id, why: body.why })));
  }

  @Get('break-glass')
  @Answers('accesses in emergencies whose review is open, or all that there were; `overdue` counts the reviews that are', identityBreakGlasses.value)
  async glasses(@By() by: Caller, @Query({ schema: glassesQuery }) { after, limit, machine, target, open }: z.output<typeof glassesQuery>): Promise<z.output<typeof identityBreakGlasses.value>> {
    return valueOf(await this.#bus.call(identityBreakGlasses, { by, limit, after: orNull(after), machine: orNull(machine), target: orNull(target), open: open === 'true' }));
  }

  @Post('break-glass')
  @Answers('access in an emergency: recorded whatever it shows, and reviewed afterwards by somebody who had no part in it', identityAsk.value)
  breakGlass(@By() by: Caller, @Body({ schema: glassBody }) body: z.output<typeof glassBody>): Promise<AccessRequest> {
    return this.audit.during(by, 'break-glass.open', body.machine, async () => valueOf(await this.#bus.call(identityAsk, { by, ...body, uses: null, breakGlass: true })));
  }

  @Post('break-glass/:id/review')
  @Answers('the finding of the review, once and for good; not for who asked for the access or said yes to it', identityReviewGlass.value)
  review(@By() by: Caller, @Param({ schema: byId }) { id }: z.output<typeof byId>, @Body({ schema: reviewBody }) { finding, say }: z.output<typeof reviewBody>): Promise<BrokenGlass> {
    return this.audit.during(by, 'break-glass.review', id, async () => valueOf(await this.#bus.call(identityReviewGlass, { by, entitlement: id, finding, say })));
  }
}
