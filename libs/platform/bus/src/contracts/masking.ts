import { z } from 'zod';
import { subjects } from '../subjects.ts';
import { caller, contract } from './reply.ts';
import { applyUnder, changeTerms, removal } from './change-authority.ts';
import { change } from './identity.ts';

export const maskPlan = z.strictObject({
  id: z.string(), target: z.string(),
  columns: z.array(z.strictObject({ column: z.string(), tag: z.string(), action: z.enum(['redact', 'last4', 'token', 'null']) })),
  detectors: z.array(z.enum(['card', 'ssn', 'iban', 'email', 'phone'])),
  large: z.array(z.string()),
});

/** What the bucket `plans` holds of a target. `revision` counts the changes of the whole classification: of two plans of a target the one with the higher revision is the newer, whatever the bus has forgotten. */
export const shownPlan = z.strictObject({ revision: z.int(), plan: maskPlan });

/** The plan of a target (an empty one when nothing is classified), with the token key of this installation, base64url. */
export const maskingPlan = contract(subjects.maskingPlan, z.strictObject({ target: z.string() }), z.strictObject({ revision: z.int(), plan: maskPlan, tokenKey: z.string() }));

export const maskingApply = contract(
  subjects.maskingApply,
  z.strictObject({ by: caller, documents: z.array(z.unknown()), dryRun: z.boolean(), prune: z.boolean(), remove: z.array(removal).max(10_000).default([]), ...applyUnder }),
  z.strictObject({ changes: z.array(change), terms: changeTerms.nullable().default(null) }),
);
export const maskingList = contract(subjects.maskingList, z.strictObject({ name: z.string().nullable() }), z.strictObject({ documents: z.array(z.unknown()) }));
