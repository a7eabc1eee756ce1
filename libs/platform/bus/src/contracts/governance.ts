import { z } from 'zod';
import { subjects } from '../subjects.ts';
import { contract } from './reply.ts';

/** How far governance has read the ledger: what it says of use and of what looks wrong is true up to `next`. Errors: `unavailable`. */
export const governanceStatus = contract(subjects.governanceStatus, z.strictObject({}), z.strictObject({ next: z.int().min(0), lag: z.int().min(0) }));
