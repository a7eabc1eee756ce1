import { z } from 'zod';
import { subjects } from '../subjects.ts';
import { caller, contract } from './reply.ts';

/**
 * Records that an examiner pack goes out (`evidence.exported`) and then signs for its manifest by the log's key: the signed note of SPEC.md 3.4. Needs the auditor role. `from` and `to`
 * are leaves, `to` not included; `origin` must be one of this log.
 */
export const evidenceExport = contract(
  subjects.evidenceExport,
  z.strictObject({ by: caller, origin: z.string().max(256), manifest: z.string().regex(/^[0-9a-f]{64}$/), scope: z.string().max(512), from: z.int().min(0), to: z.int().min(0), count: z.int().min(0) }),
  z.strictObject({ note: z.string() }),
);
