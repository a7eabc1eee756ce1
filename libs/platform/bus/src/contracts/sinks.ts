import { z } from 'zod';
import { subjects } from '../subjects.ts';
import { change } from './identity.ts';
import { caller, contract } from './reply.ts';

export const sinksApply = contract(
  subjects.sinksApply,
  z.strictObject({ by: caller, documents: z.array(z.unknown()), dryRun: z.boolean(), prune: z.boolean() }),
  z.strictObject({ changes: z.array(change) }),
);
export const sinksList = contract(subjects.sinksList, z.strictObject({ name: z.string().nullable() }), z.strictObject({ documents: z.array(z.unknown()) }));
