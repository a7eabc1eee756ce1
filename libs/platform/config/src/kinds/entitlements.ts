import { z } from 'zod';
import { date, document, duration, name } from './common.ts';

/** As machines write it in `role@target`. */
export const role = z.string().regex(/^\w[\w.-]{0,62}$/, 'must be a role as machines write it before the @: letters, digits, dots, dashes and underscores, at most 63');

const roles = z.array(role).max(20).refine((list) => new Set(list).size === list.length, 'names a role twice');
const who = { machines: z.array(name).max(1000).default([]), groups: z.array(name).max(100).default([]) };
const somebody = ({ machines, groups }: { readonly machines: readonly string[]; readonly groups: readonly string[] }) => machines.length + groups.length > 0;
const nobody = { path: ['machines'], message: 'name at least one machine or group' };

/** Leave of machines to reach a target until a day, standing: without asking again. */
export const entitlementDocument = document('Entitlement', z.strictObject({
  ...who,
  target: name,
  /** The roles that they may come in; each is granted by itself. Empty: without a role. */
  roles: roles.default([]),
  /** The last day, UTC. It ends earlier where a contract, a review or the settings say so. */
  until: date,
  /** Why they need it, for reviewers. */
  justification: z.string().min(20, 'must say in at least 20 characters what it is needed for').max(1000),
}).refine(somebody, nobody));

/** So many people of a group of approvers. */
const seat = z.strictObject({ group: name, count: z.int().min(1).max(10).default(1) });

/** By which way machines may ask for access that they do not have. Asking is for roles as connecting is: empty means without a role. */
export const accessPathDocument = document('AccessPath', z.strictObject({
  ...who,
  target: name,
  roles: roles.default([]),
  /** The longest that may be asked for, from the moment of the approval. */
  longest: duration.default('8h'),
  /** The most sessions that may be asked for. Absent: any number may be, and is unless asked otherwise. */
  uses: z.int().min(1).max(1000).optional(),
  /** Who has to say yes. Neither the machine's owner nor whoever asks counts. */
  approvers: z.array(seat).min(1).max(5),
  /** How long they have for it. */
  answerWithin: duration.default('4h'),
  /** `ask`: connecting without leave asks for it, for the longest time; the client is told to come again. */
  onConnect: z.enum(['refuse', 'ask']).default('refuse'),
  /** Access in an emergency. Absent: there is none. */
  breakGlass: z.strictObject({
    group: name,
    /** People of that group who have to say yes first. 0: nobody, at once; the review is all there is. */
    count: z.int().min(0).max(10).default(2),
    longest: duration.default('1h'),
    /** May the machine itself break the glass, or only people on its behalf? */
    byMachine: z.boolean().default(false),
    /** When the review of it is overdue. */
    reviewWithin: duration.default('3d'),
  }).optional(),
}).refine(somebody, nobody));

export type EntitlementDocument = z.infer<typeof entitlementDocument>;
export type AccessPathDocument = z.infer<typeof accessPathDocument>;
