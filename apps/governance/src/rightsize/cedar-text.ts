import { objectId, readPolicySet } from '@sallyport/engine-policy';
import type { Effect } from '@sallyport/domain-model';

/** A string of Cedar. What could end a line or a comment is escaped; so is what is not printable. */
export function quoted(text: string): string {
  return `"${text.replace(/["\\]|[^\u{20}-\u{7e}]/gu, (char) => (char === '"' || char === '\\' ? `\\${char}` : `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`))}"`;
}

/** Text for a `//` line: nothing in it can end the line. */
export function comment(text: string): string {
  return `// ${text.replace(/[^\u{20}-\u{7e}\u{a1}-\u{24f}\u{2018}-\u{201f}\u{2026}]/gu, '?').slice(0, 300)}`;
}

export const objectUid = (target: string, { resource }: Effect): string => `Object::${quoted(objectId(target, resource))}`;
export const machineUid = (machine: string): string => `Machine::${quoted(machine)}`;
export const targetUid = (target: string): string => `Target::${quoted(target)}`;
export const actionUid = (verb: string): string => `Action::${quoted(verb)}`;

/** An id that a rule may have: what else is in a name becomes a dash. */
export const ruleId = (...parts: readonly (string | number)[]): string => parts.join('.').replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 100);

/** True for the role that was asked for, and for no other. Empty: none was. */
export const inRole = (role: string): string => (role === '' ? '!(context has role)' : `context has role && context.role == ${quoted(role)}`);

/** `1 time`, `12 times`, and when last. */
export function often(commands: number, last: Date): string {
  return `${commands} ${commands === 1 ? 'time' : 'times'}, last on ${last.toISOString().slice(0, 10)}`;
}

/** Whether a rule may name it: Cedar's checker refuses invisible characters, those that change the direction of writing, and mixtures of scripts. */
export function isNameable(text: string): boolean {
  if (/^[\u{20}-\u{7e}]*$/u.test(text)) return true;
  return readPolicySet([{ name: 'name', text: `@id("n") permit (principal, action == Action::"read", resource == Object::${quoted(text)}) when { context.kind == ${quoted(text)} };` }]).ok;
}
