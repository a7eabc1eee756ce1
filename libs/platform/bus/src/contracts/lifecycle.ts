import { z } from 'zod';
import { subjects } from '../subjects.ts';
import { contract } from './reply.ts';

export const signalSource = z.enum(['scim', 'ssf', 'hr', 'contract', 'directory', 'operator']);

/**
 * Somebody left, or is back. `person` is a name of the inventory or one of a Person's `directoryIds`. What follows for machines happens before the answer, in one
 * transaction with the events of it: privileged ones are suspended at once, others when the grace is over, and their sessions end. The same word twice changes nothing.
 * `person` of the answer is null where nobody is meant: recorded, and no error. Errors: `unavailable`: tell it again.
 */
export const identitySignal = contract(
  subjects.identitySignal,
  z.strictObject({
    source: signalSource, kind: z.enum(['left', 'returned']), person: z.string().min(1).max(320),
    /** When they left or came back, as the source says; RFC 3339. */
    at: z.string(),
    /** The sender's own id of this word, for evidence. */
    ref: z.string().max(320).nullable(),
    reason: z.string().max(500),
  }),
  z.strictObject({ person: z.string().nullable(), changed: z.boolean(), suspended: z.array(z.string()), attention: z.array(z.string()) }),
);
