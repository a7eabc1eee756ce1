import { z } from 'zod';
import { subjects } from '../subjects.ts';
import { contract } from './reply.ts';

const named = z.string().min(1).max(63);

/** At most so many bytes of one parameter's value: longer ones are not shown whole to people, and are not covered. */
export const maxManifestValue = 4096;
/** Of the whole body, as it is sent. */
export const maxManifestBytes = 262_144;

/**
 * One statement, as the machine will send it. `parameters`: values of `$1`, `$2`… as text, null for NULL; what a client binds must be exactly these. `times`: how often it may run.
 */
export const manifestStatement = z.strictObject({
  text: z.string().min(1).max(65_536),
  parameters: z.array(z.string().max(maxManifestValue).nullable()).max(1000).default([]),
  times: z.int().min(1).max(1000).default(1),
});

/** What a machine, or a person for it, asks leave for at once. `expiresIn`: seconds from asking, in which people answer and the statements run. */
export const manifestBody = z.strictObject({
  target: named, role: named.nullable().default(null),
  /** What people are told of it. */
  reason: z.string().min(10).max(500),
  expiresIn: z.int().min(60).max(604_800).default(86_400),
  /** Schemas in which the session will look for names without one; null: statements name theirs. */
  searchPath: z.array(named).max(20).nullable().default(null),
  statements: z.array(manifestStatement).min(1).max(1000),
});
export type ManifestBody = z.infer<typeof manifestBody>;

const decided = z.strictObject({ place: z.int(), shape: z.string(), times: z.int(), decision: z.enum(['allow', 'hold']) });
const refused = z.strictObject({ place: z.int(), code: z.enum(['denied', 'unreadable', 'several', 'value-too-long']), say: z.string(), rules: z.array(z.string()) });

/**
 * Asks people for leave for a list of statements of one machine on one target in one role. Each that policy holds may then run `times` times, in any session, until `expires`; other texts, values,
 * roles, meanings of names, or a policy that has changed meanwhile are not covered. The same manifest asked again while it is alive gets the same approval.
 *
 * `refused` is not empty where policy denies any of them, or one cannot be covered: then nobody is asked. `approval` is null then, and where policy allows all of them anyway.
 * Errors: `not-found` (machine, target), `machine-not-active`, `unanswerable`, `rate-limited` (too many of this machine wait for people), `unavailable`, `invalid`.
 */
export const approvalsManifest = contract(
  subjects.approvalsManifest,
  z.strictObject({ requester: z.string().regex(/^(machine|person):./), machine: z.string().min(1).max(63), source: z.string().max(64), manifest: manifestBody }),
  z.strictObject({
    approval: z.string().nullable(), url: z.string().nullable(), expires: z.string().nullable(),
    quorum: z.array(z.strictObject({ group: z.string(), count: z.int().min(1) })),
    statements: z.array(decided), refused: z.array(refused),
  }),
);
export type ManifestAnswer = z.infer<typeof approvalsManifest.value>;
