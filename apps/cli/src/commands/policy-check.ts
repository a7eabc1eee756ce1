import { loadDirectory, type AnyDocument } from '@sallyport/platform-config';
import { describeProblem, lintPolicySet, readPolicySet, type Inventory, type Problem } from '@sallyport/engine-policy';
import type { Work } from '../context.ts';
import { exit } from '../exit.ts';
import { Failure } from '../failure.ts';
import { visibleLine } from '../output/visible.ts';
import { readPolicies } from '../read-policies.ts';

/** Offline: what apply would refuse, and what is probably not meant. Names are checked when the directory has the inventory too. */
export const check: Work = async ({ out }, [directory = ''], options) => {
  const files = await readPolicies(directory);
  if (files.length === 0) throw new Failure('usage', `${directory} has no *.cedar files`);
  const read = readPolicySet(files);
  const { documents } = await loadDirectory(directory);
  const problems = read.ok ? [...read.problems, ...lintPolicySet(read.set, inventoryOf(documents.map(({ document }) => document)))] : read.problems;
  const errors = count(problems, 'error') + (options['strict'] === true ? count(problems, 'warning') : 0);
  const value = { ok: errors === 0, rules: read.ok ? read.set.rules.length : 0, problems };
  out.show(value, () => [...problems.map((problem) => visibleLine(describeProblem(problem))), `${value.rules} rules in ${files.length} files: ${count(problems, 'error')} errors, ${count(problems, 'warning')} warnings`].join('\n'));
  return errors === 0 ? exit.ok : exit.usage;
};

const count = (problems: readonly Problem[], severity: Problem['severity']) => problems.filter((problem) => problem.severity === severity).length;

/** A kind that the directory has nothing of is not checked: it may live elsewhere. */
function inventoryOf(documents: readonly AnyDocument[]): Inventory {
  const names = (kind: AnyDocument['kind']) => {
    const found = documents.filter((document) => document.kind === kind).map(({ metadata }) => metadata.name);
    return found.length === 0 ? null : new Set(found);
  };
  const tags = documents.flatMap((document) => (document.kind === 'Classification' ? document.spec.columns.map(({ tag }) => tag) : []));
  return { machines: names('Machine'), groups: names('Group'), targets: names('Target'), approverGroups: names('ApproverGroup'), tags: tags.length === 0 ? null : new Set(tags) };
}
