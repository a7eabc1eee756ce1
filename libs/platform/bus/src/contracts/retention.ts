import { z } from 'zod';
import { subjects } from '../subjects.ts';
import { caller, contract } from './reply.ts';

/** Names of retention classes; `events` is that of the events themselves, the others are of texts. */
export const retentionClass = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/);
const day = z.iso.date();
const moment = z.string();

/** What stands in the bucket `sealing` under the name of a class: public halves of its keys, one for each day (UTC) from yesterday on. */
export const sealingKeys = z.strictObject({
  keys: z.array(z.strictObject({ id: z.string().regex(/^[a-z][a-z0-9-]{0,30}\/\d{4}-\d{2}-\d{2}\/[0-9a-f]{16}$/), day, publicKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/) })).max(16),
});
export type SealingKeys = z.infer<typeof sealingKeys>;

export const holdScope = z.strictObject({
  session: z.uuid().nullable(), machine: z.string().min(1).max(63).nullable(), target: z.string().min(1).max(63).nullable(),
  from: z.iso.datetime().nullable(), to: z.iso.datetime().nullable(),
});

export const hold = z.strictObject({
  id: z.string(), reason: z.string(), scope: z.strictObject({ session: z.string().nullable(), machine: z.string().nullable(), target: z.string().nullable(), from: moment.nullable(), to: moment.nullable() }),
  placed: z.strictObject({ by: z.string(), at: moment }),
  /** One of two people has asked for the end; until the second one does, it stands. */
  releaseRequested: z.strictObject({ by: z.string(), at: moment, reason: z.string() }).nullable(),
  released: z.strictObject({ by: z.string(), at: moment }).nullable(),
});
export type Hold = z.infer<typeof hold>;

const reason = z.string().min(3).max(300);

export const evidenceHolds = contract(subjects.evidenceHolds, z.strictObject({ by: caller, all: z.boolean() }), z.strictObject({ holds: z.array(hold) }));
export const evidenceHold = contract(subjects.evidenceHold, z.strictObject({ by: caller, scope: holdScope, reason }), z.strictObject({ hold }));
/** The first person's request changes nothing; the second one's, who must be somebody else, ends the hold. */
export const evidenceRelease = contract(subjects.evidenceRelease, z.strictObject({ by: caller, hold: z.uuid(), reason }), z.strictObject({ hold }));

/** `requested`: a second person must ask for the same. `confirmed`: shown no more; the key is destroyed as soon as nothing sealed to it can be on its way (`due`). `done`: destroyed. */
export const erasure = z.strictObject({
  session: z.string(), reason: z.string(), state: z.enum(['requested', 'confirmed', 'done']), requested: z.strictObject({ by: z.string(), at: moment }), confirmed: z.strictObject({ by: z.string(), at: moment }).nullable(), due: day.nullable(),
});
export type Erasure = z.infer<typeof erasure>;
export const evidenceErase = contract(subjects.evidenceErase, z.strictObject({ by: caller, session: z.uuid(), reason }), z.strictObject({ erasure }));

/** What would go, or stays: a month's table, or the key of a class and day. `say` is empty where nothing keeps it. */
export const retentionItem = z.strictObject({ what: z.enum(['events', 'ciphertexts', 'key', 'erasure']), name: z.string(), class: z.string(), due: day, holds: z.array(z.string()), say: z.array(z.string()) });
export type RetentionItem = z.infer<typeof retentionItem>;

/** Looks, and changes nothing. `items` are those that are due by `at` (today, if null). */
export const evidenceRetention = contract(
  subjects.evidenceRetention,
  z.strictObject({ by: caller, at: day.nullable() }),
  z.strictObject({
    classes: z.array(z.strictObject({ name: z.string(), days: z.int(), effectiveDays: z.int() })),
    /** Leaves before it are with every required sink and published; null: the sinks could not be asked. */
    delivered: z.int().nullable(),
    items: z.array(retentionItem), erasures: z.array(erasure),
  }),
);
