import { z } from 'zod';
import { subjects } from '../subjects.ts';
import { policyFile } from './policy.ts';
import { caller, contract } from './reply.ts';

const name = z.string().min(1).max(63);
const days = z.int().min(1).max(400);
const decision = z.enum(['allow', 'deny', 'hold']);

/** What one machine did to one object of a target in a role (empty: none asked for). Objects that are rolled up end in `*`. A session counts as the verb `connect` on no object. */
export const usageRow = z.strictObject({
  target: z.string(), role: z.string(), verb: z.string(), object: z.string(), commands: z.int(), allowed: z.int(), denied: z.int(), held: z.int(), first: z.string(), last: z.string(),
});
export type UsageRow = z.infer<typeof usageRow>;

/** What a machine used in the last so many days, most first; `total` counts all rows, `upTo` is the leaf up to which the ledger was read. Needs the role admin, operator, auditor or approver. */
export const governanceUsage = contract(
  subjects.governanceUsage,
  z.strictObject({ by: caller, machine: name, target: name.nullable().default(null), days: days.default(30), limit: z.int().min(1).max(1000).default(100), offset: z.int().min(0).max(1_000_000).default(0) }),
  z.strictObject({ machine: z.string(), from: z.string(), to: z.string(), upTo: z.int(), used: z.array(usageRow), total: z.int() }),
);

/**
 * The least policy that would have allowed what a machine did in the last so many days, and the rules that would narrow the policy in force to it. `file` stands by itself: permits of what was used, and
 * the forbids in force. `narrowing` is added to the policy in force: null where nothing can be said. `check` is the file replayed over the same days: `wrong` of it is empty, or the file must not be used.
 * `left`: what was used and is not in it, with the reason. Recorded as `policy.proposed`. Errors: `denied`, `not-found` (no such machine), `unused` (nothing was recorded), `too-much`, `unavailable`.
 */
export const governancePropose = contract(
  subjects.governancePropose,
  z.strictObject({ by: caller, machine: name, target: name.nullable().default(null), days: days.default(30) }),
  z.strictObject({
    machine: z.string(), from: z.string(), to: z.string(), upTo: z.int(), digest: z.string(), rules: z.int(), file: policyFile, narrowing: policyFile.nullable(),
    check: z.strictObject({ commands: z.int(), allowed: z.int(), held: z.int(), denied: z.int(), undecided: z.int(), wrong: z.array(z.strictObject({ say: z.string(), commands: z.int(), example: z.string() })) }),
    left: z.array(z.strictObject({ what: z.string(), why: z.string(), commands: z.int(), example: z.string() })),
  }),
);
export type Proposal = z.infer<(typeof governancePropose)['value']>;

/** `effects`: those of the command that the draft decides otherwise, the first five. */
export const simulatedChange = z.strictObject({
  machine: z.string(), target: z.string(), role: z.string(), from: decision, to: decision, effects: z.array(z.string()), commands: z.int(), rules: z.array(z.string()), example: z.string(), last: z.string(),
});
export type SimulatedChange = z.infer<typeof simulatedChange>;

/**
 * Replays a draft of the whole policy set over what was recorded: what would have been decided otherwise. `undecided`: decisions that hang on what was not recorded (`needs`: facts of the statement,
 * the address, the time), by the rules that ask for it; nothing is guessed. `passed`: what cannot be tried at all, with the reason. `assumes` says what else is as it is now and not as it
 * was then. The first 500 changes are told, most commands first; `changes` counts all. Recorded as `policy.simulated`. Errors: `denied`, `invalid` (file, line and reason), `too-much` (narrow it by
 * machine or days), `unavailable`.
 */
export const governanceSimulate = contract(
  subjects.governanceSimulate,
  z.strictObject({ by: caller, files: z.array(policyFile).max(1000), machine: name.nullable().default(null), days: days.default(30) }),
  z.strictObject({
    digest: z.string(), from: z.string(), to: z.string(), upTo: z.int(), commands: z.int(), distinct: z.int(), same: z.int(), changed: z.int(), changes: z.int(), told: z.array(simulatedChange),
    undecided: z.array(z.strictObject({ rules: z.array(z.string()), needs: z.array(z.string()), commands: z.int(), example: z.string() })),
    passed: z.array(z.strictObject({ why: z.string(), commands: z.int(), example: z.string() })),
    assumes: z.array(z.string()), warnings: z.array(z.string()),
  }),
);
export type Simulation = z.infer<(typeof governanceSimulate)['value']>;
