import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parse } from 'yaml';
import { CaseError, describeProblem, readCases, readPolicySet, runCases, type CaseResult, type PolicySet } from '@sallyport/engine-policy';
import type { Work } from '../context.ts';
import { exit } from '../exit.ts';
import { Failure } from '../failure.ts';
import type { Out } from '../output/out.ts';
import { visibleLine } from '../output/visible.ts';
import { readPolicies } from '../read-policies.ts';
import { statementReader } from '../statements.ts';

/** What a gateway knows besides, of its target. */
const unseen = 'classifications and names of the target were not looked at: rules on tags, and the refusal to keep masked values elsewhere, are told by `sallyport policy explain`';

/** Offline, for users' own CI: the same evaluator as the gateway's, without what only a target can tell. */
export const test: Work = async ({ out }, [file = ''], options) => {
  const directory = typeof options['policies'] === 'string' ? options['policies'] : dirname(file);
  const results = await run(file, await policySet(directory));
  const failed = results.filter(({ ok }) => !ok).length;
  out.show({ ok: failed === 0, cases: results, unseen }, () => text(results, failed, out));
  return failed === 0 ? exit.ok : exit.failed;
};

async function policySet(directory: string): Promise<PolicySet> {
  const files = await readPolicies(directory);
  if (files.length === 0) throw new Failure('usage', `${directory} has no *.cedar files`, 'name their directory with --policies');
  const read = readPolicySet(files);
  if (read.ok) return read.set;
  throw new Failure('invalid', `the policies in ${directory} cannot be used`, read.problems.map((problem) => visibleLine(describeProblem(problem))).join('\n  '));
}

async function run(file: string, set: PolicySet): Promise<readonly CaseResult[]> {
  const yaml = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Failure('usage', `${file} cannot be read (${error.code ?? 'failed'})`);
  });
  try {
    return runCases(set, readCases(parse(yaml, { maxAliasCount: 50 })), { understand: await statementReader() });
  } catch (error) {
    if (error instanceof CaseError || (error instanceof Error && error.name === 'YAMLParseError')) throw new Failure('invalid', `${file}: ${error.message}`);
    throw error;
  }
}

function text(results: readonly CaseResult[], failed: number, out: Pick<Out, 'paint'>): string {
  const lines = results.flatMap(({ name, ok, differences }) => [`${ok ? out.paint('good', 'ok  ') : out.paint('bad', 'FAIL')}  ${visibleLine(name)}`, ...differences.map((one) => `        ${visibleLine(one)}`)]);
  return [...lines, `${results.length} cases, ${failed} failed`, unseen].join('\n');
}
