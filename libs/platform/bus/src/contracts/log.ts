import { z } from 'zod';
import { subjects } from '../subjects.ts';
import { contract } from './reply.ts';

// Hashes and signatures only: whoever holds them learns nothing but how much there is. So these reads are not recorded.

/**
 * The newest signed checkpoint of the log, as a C2SP signed note; or the newest that is not larger than `size`. `key` is the verifier key. Refused as `not-found`
 * until the first is signed.
 */
export const logCheckpoint = contract(
  subjects.logCheckpoint,
  z.strictObject({ size: z.int().min(0).nullable() }),
  z.strictObject({ note: z.string(), origin: z.string(), size: z.int(), key: z.string() }),
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
