import { identityApply, maskingApply, policyApply, policyGet, sinksApply, type Bus, type Caller, type Change } from '@sallyport/platform-bus';
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
  run(dryRun: boolean): Promise<{ readonly changes: readonly Change[]; readonly warnings: readonly string[] }>;
}

/** Compiling a large policy set takes its time. */
const patienceMs = 30_000;

/**
 * Applies documents and policies through the services that own them: identity, masking, sinks, policy. All of them try first without changing
 * anything, so that one bad document stops everything. There is no transaction over services: when one fails after its trial
 * went well, what was applied before it stays, the error says so, and applying again is safe.
 */
export async function apply(bus: Pick<Bus, 'call'>, by: Caller, request: ApplyRequest): Promise<Plan> {
  const parts = await partsOf(bus, by, request);
  const trial = await Promise.all(parts.map((part) => part.run(true)));
  if (request.dryRun) return sum(trial, true);
  const done: { changes: readonly Change[]; warnings: readonly string[] }[] = [];
  for (const [i, part] of parts.entries()) done.push(await part.run(false).catch((error: unknown) => halfWay(error, part, parts.slice(0, i))));
  return sum(done, false);
}

async function partsOf(bus: Pick<Bus, 'call'>, by: Caller, { documents, policies, prune }: ApplyRequest): Promise<Part[]> {
  const { identity, masking, sinks } = split(documents);
  const parts: Part[] = [];
  if (identity.length > 0 || prune) parts.push({ owner: 'identity', run: async (dryRun) => plain(valueOf(await bus.call(identityApply, { by, documents: [...identity], dryRun, prune }, patienceMs))) });
  if (masking.length > 0 || prune) parts.push({ owner: 'masking', run: async (dryRun) => plain(valueOf(await bus.call(maskingApply, { by, documents: [...masking], dryRun, prune }, patienceMs))) });
  if (sinks.length > 0 || prune) parts.push({ owner: 'sinks', run: async (dryRun) => plain(valueOf(await bus.call(sinksApply, { by, documents: [...sinks], dryRun, prune }, patienceMs))) });
  if (policies.length > 0 || prune) {
    const files = policySet(prune ? [] : await currentPolicies(bus), policies, prune ? 'prune' : 'add');
    parts.push({ owner: 'policy', run: async (dryRun) => valueOf(await bus.call(policyApply, { by, files, dryRun }, patienceMs)) });
  }
  return parts;
}

const plain = ({ changes }: { changes: readonly Change[] }) => ({ changes, warnings: [] });

async function currentPolicies(bus: Pick<Bus, 'call'>): Promise<readonly PolicyFile[]> {
  const reply = await bus.call(policyGet, { version: null });
  return !reply.ok && reply.error.code === 'not-found' ? [] : valueOf(reply).files;
}

function halfWay(error: unknown, failed: Part, applied: readonly Part[]): never {
  if (!(error instanceof ApiError) || applied.length === 0) throw error;
  throw new ApiError(error.code, `${failed.owner}: ${error.message}; ${applied.map(({ owner }) => owner).join(' and ')} had been applied already: correct this and apply again`);
}

const sum = (parts: readonly { changes: readonly Change[]; warnings: readonly string[] }[], dryRun: boolean): Plan => ({
  changes: parts.flatMap(({ changes }) => changes),
  warnings: parts.flatMap(({ warnings }) => warnings),
  dryRun,
});
