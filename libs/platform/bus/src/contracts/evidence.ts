import { z } from 'zod';
import { subjects } from '../subjects.ts';
import { caller, contract } from './reply.ts';

export const watermark = z.strictObject({ epoch: z.string(), pseq: z.int() });
export const sessionClose = z.strictObject({ code: z.string(), say: z.string() });

/** Disclosures (`@sallyport/domain-events`) of what the event conceals, as far as whoever asks may see it and it can still be opened. */
const openings = z.array(z.string()).default([]);

export const sessionRow = z.strictObject({
  id: z.string(), machine: z.string(), target: z.string(), protocol: z.string(), opened: z.string(), closed: z.string().nullable(), end: z.string().nullable(),
  commands: z.int(), denied: z.int(), held: z.int(), rows: z.int(), bytes: z.int(),
});

export const sessionState = z.enum(['open', 'closed', 'refused', 'abandoned']);
export type SessionStateName = z.infer<typeof sessionState>;
/** RFC 3339 in UTC, to the millisecond. The database has no year 0. */
const moment = z.iso.datetime({ precision: 3 }).refine((text) => text >= '0001', 'a year after 0');

/**
 * Sessions, newest first by when they began, and how many there are in all: exactly, at the moment of the page. `before` is the last one of the page before; `from` and
 * `to` (not included) bound when they began. Recorded as `evidence.read`.
 */
export const evidenceSessions = contract(
  subjects.evidenceSessions,
  z.strictObject({
    by: caller, machine: z.string().nullable(), target: z.string().nullable(), open: z.boolean().nullable(), before: z.string().nullable(), limit: z.int().min(1).max(1000),
    state: sessionState.nullable().default(null), from: moment.nullable().default(null), to: moment.nullable().default(null),
  }),
  z.strictObject({ sessions: z.array(sessionRow), total: z.int() }),
);

const absence = z.strictObject({ from: z.int(), to: z.int(), pruned: z.boolean() });

/**
 * Stored bytes (base64) in ledger order, or of one session in its order, with the hash (hex) that was noted when they were added. `next` is the
 * cursor for the next page, null at the end. `absent`: places [from, to) of the ledger, or numbers of the chain, that have no event between those of this page: purged by
 * policy, or missing.
 */
export const evidenceEvents = contract(
  subjects.evidenceEvents,
  z.strictObject({ by: caller, session: z.string().nullable(), after: z.int().nullable(), limit: z.int().min(1).max(2000) }),
  z.strictObject({ events: z.array(z.strictObject({ at: z.int(), received: z.string(), bytes: z.string(), sha256: z.string(), openings })), absent: z.array(absence).default([]), next: z.int().nullable() }),
);

/**
 * Leaves of the log from `from` on, in order and without a gap, for the sinks alone. Not recorded: what was delivered is told by `sink.watermark`.
 * `bytes` is null for a leaf whose body the ledger has no more; `size` is how many leaves there are.
 */
export const evidenceFollow = contract(
  subjects.evidenceFollow,
  z.strictObject({ from: z.int().min(0), limit: z.int().min(1).max(1000) }),
  z.strictObject({ leaves: z.array(z.strictObject({ leaf: z.int(), event: z.string().nullable(), sha256: z.string().nullable(), received: z.string().nullable(), bytes: z.string().nullable(), openings })), size: z.int() }),
);

/** The session's events with their blobs opened. Needs the auditor role; recorded as `evidence.read`. `unreadable` says why texts are null that policy or an erasure has made unreadable. */
export const evidenceReplay = contract(
  subjects.evidenceReplay,
  z.strictObject({ by: caller, session: z.string() }),
  z.strictObject({ events: z.array(z.strictObject({ bytes: z.string(), openings, texts: z.array(z.strictObject({ role: z.string(), text: z.string().nullable() })) })), unreadable: z.string().nullable().default(null) }),
);

/** The console, which keeps nothing, has noted what people did there, and its own beginning and end. */
export const evidenceNote = contract(
  subjects.evidenceNote,
  z.strictObject({ by: caller, type: z.enum(['operator.acted', 'evidence.read', 'service.started', 'service.stopped']), data: z.record(z.string(), z.unknown()) }),
  z.strictObject({}),
);
