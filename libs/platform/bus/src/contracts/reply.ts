import { z } from 'zod';

/** What every request/reply subject answers: a value, or an error with a code from the domain's closed lists and a sentence. */
export type Reply<T> = { ok: true; value: T } | { ok: false; error: { code: string; say: string } };

export const ok = <T>(value: T): Reply<T> => ({ ok: true, value });
export const fail = <T = never>(code: string, say: string): Reply<T> => ({ ok: false, error: { code, say } });

export const replyOf = <T extends z.ZodType>(value: T) =>
  z.union([z.strictObject({ ok: z.literal(true), value }), z.strictObject({ ok: z.literal(false), error: z.strictObject({ code: z.string(), say: z.string() }) })]);

/** One subject's request and answer. Both sides parse: a message that does not fit is refused, not guessed at. */
export interface Contract<Req extends z.ZodType, Res extends z.ZodType> {
  readonly subject: string;
  readonly request: Req;
  readonly value: Res;
}

export const contract = <Req extends z.ZodType, Res extends z.ZodType>(subject: string, request: Req, value: Res): Contract<Req, Res> => ({ subject, request, value });

/** Who asks, as the console has authenticated them. */
export const caller = z.strictObject({ person: z.string(), roles: z.array(z.string()), groups: z.array(z.string()), source: z.string() });
export type Caller = z.infer<typeof caller>;

/** Somebody of the inventory: on whose behalf a machine acts, where it does. */
export const party = z.strictObject({ kind: z.enum(['person', 'machine']), name: z.string().max(64) });
const behalf = party.nullable().default(null);
/** On whose behalf; null: the machine's own. */
export const onBehalf = { behalf };
/** When that person had logged in, RFC 3339, as the token says by which the machine acts for them; null where it acts for no person, or the token does not say. */
export const behalfSince = z.string().nullable().default(null);

export const source = z.strictObject({ address: z.string(), port: z.int(), client: z.string().nullable() });
