import { identityApply, maskingApply, policyApply, policyGet, sinksApply, type Bus, type Caller, type Change, type ChangeTerms } from '@sallyport/platform-bus';
import { ApiError, valueOf } from '../errors/api-error.ts';
import { policySet, split, type PolicyFile } from './apply-plan.ts';

export interface ApplyRequest {
  readonly documents: readonly unknown[];
  readonly policies: readonly PolicyFile[];
  readonly dryRun: boolean;
  readonly prune: boolean;
}

export interface Plan {
  readonly changes: readonly Change[];
  readonly warnings: readonly string[];
  readonly dryRun: boolean;
}

interface Part {
  readonly owner: string;
  run(dryRun: boolean): Promise<Ran>;
}

interface Ran {
  readonly changes: readonly Change[];
  readonly warnings: readonly string[];
  readonly terms: ChangeTerms | null;
}

/** Compiling a large policy set takes its time. */
const patienceMs = 30_000;

/**
 * Applies documents and policies through the services that own them: identity, masking, sinks, policy. All of them try first without changing
 * anything, so that one bad document stops everything. There is no transaction over services: when one fails after its trial
 * went well, what was applied before it stays, the error says so, and applying again is safe. A part that is under change control goes first: its
 * service refuses it, and nothing was applied then.
 */
export async function apply(bus: Pick<Bus, 'call'>, by: Caller, request: ApplyRequest): Promise<Plan> {
  const parts = await partsOf(bus, by, request);
  const trial = await Promise.all(parts.map((part) => part.run(true)));
  const controlled = (i: number) => (trial[i]?.terms?.kinds.length ?? 0) > 0;
  if (request.dryRun) return sum([...trial, { changes: [], warnings: trial.flatMap(({ terms }) => underControl(terms)), terms: null }], true);
  const inTurn = [...parts.filter((_, i) => controlled(i)), ...parts.filter((_, i) => !controlled(i))];
  const done: Ran[] = [];
  for (const [i, part] of inTurn.entries()) done.push(await part.run(false).catch((error: unknown) => halfWay(error, part, inTurn.slice(0, i))));
  return sum(done, false);
}

async function partsOf(bus: Pick<Bus, 'call'>, by: Caller, { documents, policies, prune }: ApplyRequest): Promise<Part[]> {
  const { identity, masking, sinks } = split(documents);
  const parts: Part[] = [];
  if (identity.length > 0 || prune) parts.push({ owner: 'identity', run: async (dryRun) => valueOf(await bus.call(identityApply, { by, documents: [...identity], dryRun, prune }, patienceMs)) });
  if (masking.length > 0 || prune) parts.push({ owner: 'masking', run: async (dryRun) => plain(valueOf(await bus.call(maskingApply, { by, documents: [...masking], dryRun, prune }, patienceMs))) });
  if (sinks.length > 0 || prune) parts.push({ owner: 'sinks', run: async (dryRun) => plain(valueOf(await bus.call(sinksApply, { by, documents: [...sinks], dryRun, prune }, patienceMs))) });
  if (policies.length > 0 || prune) {
    const files = policySet(prune ? [] : await currentPolicies(bus), policies, prune ? 'prune' : 'add');
    parts.push({ owner: 'policy', run: async (dryRun) => valueOf(await bus.call(policyApply, { by, files, dryRun }, patienceMs)) });
  }
  return parts;
}

const plain = ({ changes, terms }: { changes: readonly Change[]; terms: ChangeTerms | null }) => ({ changes, warnings: [], terms });

async function currentPolicies(bus: Pick<Bus, 'call'>): Promise<readonly PolicyFile[]> {
  const reply = await bus.call(policyGet, { version: null });
  return !reply.ok && reply.error.code === 'not-found' ? [] : valueOf(reply).files;
}

function halfWay(error: unknown, failed: Part, applied: readonly Part[]): never {
  if (!(error instanceof ApiError) || applied.length === 0) throw error;
  throw new ApiError(error.code, `${failed.owner}: ${error.message}; ${applied.map(({ owner }) => owner).join(' and ')} had been applied already: correct this and apply again`);
}

/** What a dry run warns of. */
function underControl(terms: ChangeTerms | null): string[] {
  if (terms === null || terms.kinds.length === 0) return [];
  const who = terms.approvers.map(({ group, count }) => `${count} of ${group}`).join(' and ');
  return [`${terms.kinds.join(', ')}: changed only with the approval of ${who}; propose it with sallyport apply --propose`];
}

const sum = (parts: readonly { changes: readonly Change[]; warnings: readonly string[] }[], dryRun: boolean): Plan => ({
  changes: parts.flatMap(({ changes }) => changes),
  warnings: parts.flatMap(({ warnings }) => warnings),
  dryRun,
});
