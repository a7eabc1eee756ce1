import { hash } from 'node:crypto';
import { id, type Digest, type RuleId } from '@sallyport/domain-model';
import { checkRules, parseRule, type CedarComplaint, type PolicyJson } from './cedar.ts';
import { mentionsOf } from './expressions.ts';
import { readNotes, type RuleNotes } from './notes.ts';
import { placeOf, unitsBefore, type Problem } from './problem.ts';
import { scopeOf, type RuleScope } from './scope.ts';
import { splitRules, type RuleText } from './split.ts';

export interface PolicyFile {
  readonly name: string;
  readonly text: string;
}

export interface PolicyRule {
  readonly id: RuleId;
  readonly effect: 'permit' | 'forbid';
  /** As written. What is evaluated is this text: Cedar's JSON form loses digits of large numbers. */
  readonly text: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly json: PolicyJson;
  readonly scope: RuleScope;
  readonly notes: RuleNotes;
  /** Its answer may depend on whether the command was approved. */
  readonly asksApproval: boolean;
}

/** Rules that parse, fit the schema and have unique ids. No rules at all is a valid set: it permits nothing. */
export interface PolicySet {
  /** SHA-256 over the files' names and texts in order of name. */
  readonly digest: Digest;
  readonly files: readonly PolicyFile[];
  /** By id. */
  readonly rules: readonly PolicyRule[];
}

export type ReadPolicySet =
  | { readonly ok: true; readonly set: PolicySet; readonly problems: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Most rules of one set, and the longest total text in UTF-16 units. */
export const maxRules = 5000;
export const maxPolicyText = 4 * 1024 * 1024;

const ruleId = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Reads and checks policy files. Reports everything that is wrong, not only the first. Warnings leave the set usable; `lintPolicySet` finds more. */
export function readPolicySet(files: readonly PolicyFile[]): ReadPolicySet {
  const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
  const problems: Problem[] = sizeProblems(sorted);
  if (problems.length > 0) return { ok: false, problems };

  const rules = new Map<string, PolicyRule>();
  for (const file of sorted) {
    const split = splitRules(file.text);
    if (!split.ok) {
      problems.push({ severity: 'error', file: file.name, rule: null, ...placeOf(file.text, split.at), say: split.say, hint: null });
      continue;
    }
    for (const part of split.rules) readRule(file, part, rules, problems);
    if (rules.size > maxRules) return { ok: false, problems: [wholeFile(file.name, `a policy set may have ${maxRules} rules at most`)] };
  }
  checkAgainstSchema(sorted, rules, problems);

  const ordered = [...rules.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  if (problems.some((problem) => problem.severity === 'error')) return { ok: false, problems };
  return { ok: true, set: { digest: digestOf(sorted), files: sorted, rules: ordered }, problems };
}

function readRule(file: PolicyFile, part: RuleText, rules: Map<string, PolicyRule>, problems: Problem[]): void {
  const place = placeOf(file.text, part.at);
  const wrong = (rule: string | null, say: string, hint: string | null = null) => problems.push({ severity: 'error', file: file.name, rule, ...place, say, hint });

  const parsed = parseRule(part.text);
  if (!parsed.ok) {
    for (const complaint of parsed.complaints) problems.push(located('error', file, part, null, complaint));
    return;
  }
  const { json } = parsed;
  const name = json.annotations?.['id'];
  if (name === undefined || name === null) return void wrong(null, 'this rule has no @id("…")', 'every rule needs one: it is what refusals and evidence name');
  if (!ruleId.test(name)) return void wrong(null, `@id(${JSON.stringify(name.slice(0, 120))}) must be letters, digits, dots, dashes or underscores, at most 100`);
  const twin = rules.get(name);
  if (twin !== undefined) return void wrong(name, `this id is taken by the rule at ${twin.file}:${twin.line}`);

  const { notes, complaints } = readNotes(json);
  for (const say of complaints) wrong(name, say);
  rules.set(name, {
    id: id<RuleId>(name), effect: json.effect, text: part.text, file: file.name, ...place, json, scope: scopeOf(json), notes,
    asksApproval: mentionsOf([json]).has('approval'),
  });
}

function checkAgainstSchema(files: readonly PolicyFile[], rules: ReadonlyMap<string, PolicyRule>, problems: Problem[]): void {
  const texts = new Map(files.map((file) => [file.name, file]));
  const { errors, warnings } = checkRules(Object.fromEntries([...rules.values()].map((rule) => [rule.id, rule.text])));
  const failed = new Set(errors.map((error) => error.rule));
  const seen = new Set<string>();
  const report = (complaint: CedarComplaint & { rule: string }, say: string) => {
    const rule = rules.get(complaint.rule);
    const file = texts.get(rule?.file ?? '');
    if (rule === undefined || file === undefined) return void problems.push({ ...wholeFile(files[0]?.name ?? 'policy', say), hint: complaint.hint });
    problems.push(located('error', file, { text: rule.text, at: offsetOf(file.text, rule) }, rule.id, { ...complaint, say }));
  };
  for (const error of errors) report(error, error.say);
  for (const warning of warnings) {
    // A rule that failed above also "never applies"; one complaint about a rule that never applies is enough.
    if (failed.has(warning.rule) || seen.has(warning.rule)) continue;
    seen.add(warning.rule);
    report(warning, `this rule can never apply: ${warning.say}`);
  }
}

function located(severity: 'error' | 'warning', file: PolicyFile, part: RuleText, rule: string | null, complaint: CedarComplaint): Problem {
  const inside = complaint.at === null ? 0 : unitsBefore(part.text, complaint.at);
  return { severity, file: file.name, rule, ...placeOf(file.text, part.at + inside), say: complaint.say, hint: complaint.hint };
}

function offsetOf(text: string, rule: PolicyRule): number {
  let offset = 0;
  for (let line = 1; line < rule.line; line++) offset = text.indexOf('\n', offset) + 1;
  return offset + rule.column - 1;
}

function sizeProblems(files: readonly PolicyFile[]): Problem[] {
  const problems: Problem[] = [];
  let size = 0;
  let last: string | null = null;
  for (const file of files) {
    size += file.text.length;
    if (file.name === last) problems.push(wholeFile(file.name, 'two files have this name'));
    last = file.name;
  }
  if (size > maxPolicyText) problems.push(wholeFile(files[0]?.name ?? 'policy', `the policy set has ${size} characters; ${maxPolicyText} are allowed`));
  return problems;
}

function wholeFile(file: string, say: string): Problem {
  return { severity: 'error', file, rule: null, line: 1, column: 1, say, hint: null };
}

function digestOf(files: readonly PolicyFile[]): Digest {
  return id<Digest>(hash('sha256', JSON.stringify(files.map((file) => [file.name, file.text])), 'hex'));
}
