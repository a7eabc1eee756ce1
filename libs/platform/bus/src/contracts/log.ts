import { z } from 'zod';
import { subjects } from '../subjects.ts';
import { contract } from './reply.ts';

// Hashes and signatures only: whoever holds them learns nothing but how much there is. So these reads are not recorded.

/**
 * The newest signed checkpoint of the log, as a C2SP signed note; or the newest that is not larger than `size`, and, if `stamped`, that has a timestamp. `timestamps` are RFC 3161 tokens (DER, base64) over the note's text. `key` is the verifier key, the newest; `rotations` are the statements
 * that each key of the log followed another, the oldest first. Refused as `not-found` until the first is signed.
 */
export const logCheckpoint = contract(
  subjects.logCheckpoint,
  z.strictObject({ size: z.int().min(0).nullable(), stamped: z.boolean().default(false) }),
  z.strictObject({ note: z.string(), origin: z.string(), size: z.int(), key: z.string(), rotations: z.array(z.string()).default([]), timestamps: z.array(z.strictObject({ authority: z.string(), token: z.base64() })).default([]) }),
);

/**
 * Hashes of one tile of the log (C2SP tlog-tiles: level 0 are leaf hashes), base64, from which every proof can be computed. Refused as `not-found` where
 * the tree has fewer than `width` of them.
 */
export const logTile = contract(
  subjects.logTile,
  z.strictObject({ level: z.int().min(0).max(6), index: z.int().min(0), width: z.int().min(1).max(256) }),
  z.strictObject({ hashes: z.string() }),
);

export const signedCheckpoint = z.strictObject({
  epoch: z.int(), origin: z.string(), size: z.int().min(0),
  /** C2SP signed note, with the cosignatures that are there by now. */
  note: z.string(),
  /** When it was made, RFC 3339. */
  at: z.string(),
});
export type SignedCheckpoint = z.infer<typeof signedCheckpoint>;

/** Signed checkpoints behind that one, oldest first, for the sinks. An epoch is behind all sizes of the one before it. `{ epoch: 0, size: 0 }` is before the first. */
export const logCheckpoints = contract(
  subjects.logCheckpoints,
  z.strictObject({ after: z.strictObject({ epoch: z.int().min(0), size: z.int().min(0) }), limit: z.int().min(1).max(200) }),
  z.strictObject({ checkpoints: z.array(signedCheckpoint) }),
);
