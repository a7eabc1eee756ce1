import { createHash } from 'node:crypto';
import type { ShownParameters } from '@sallyport/domain-model';

/** One statement of a machine, as a manifest binds it: independent of the session that runs it. */
export interface StatementTerms {
  readonly machine: string;
  readonly target: string;
  readonly role: string | null;
  /** Digest of the policy slice: under another policy it is another statement. */
  readonly slice: string;
  /** As the machine sends it. White space and semicolons around it count as nothing. */
  readonly text: string;
  /** Values by place; null is NULL. */
  readonly parameters: readonly (string | null)[];
  /** `verb schema.table`: what the names in the text mean. The same text under another search path is another statement. */
  readonly effects: readonly string[];
}

/** SHA-256 (hex) over the lengths and bytes of all parts. The gateway makes it of what came over the wire, the approvals service of what people were shown. */
export function statementHash({ machine, target, role, slice, text, parameters, effects }: StatementTerms): string {
  const hash = createHash('sha256').update('sallyport statement v1\0');
  const part = (value: string | null) => {
    const bytes = Buffer.from(value ?? '');
    hash.update(value === null ? 'null\0' : `${bytes.byteLength}\0`).update(bytes);
  };
  const list = (values: readonly (string | null)[]) => {
    part(String(values.length));
    for (const value of values) part(value);
  };
  for (const one of [machine, target, role, slice, bare(text)]) part(one);
  list(parameters);
  list([...new Set(effects)].sort());
  return hash.digest('hex');
}

/** Without white space and semicolons at both ends. */
export function bare(text: string): string {
  const nothing = (at: number) => ' \t\n\r\f\v;'.includes(text.charAt(at));
  let [start, end] = [0, text.length];
  while (start < end && nothing(start)) start++;
  while (end > start && nothing(end - 1)) end--;
  return text.slice(start, end);
}

/** Readings of binary values that are exactly what the same value is in text. */
const exact: readonly (string | null)[] = ['int2', 'int4', 'int8', 'oid', 'bool', 'uuid'];

/**
 * The values of a command's parameters, where each is known whole and without doubt: text and NULL, and those binary values whose declared type has one way to be written. Null where
 * any is not: such a command is not covered by a manifest.
 */
export function plainParameters(shown: ShownParameters | null): readonly (string | null)[] | null {
  if (shown === null) return [];
  if (shown.missing !== null) return null;
  const values: (string | null)[] = [];
  for (const { kind, value, leftOut, note } of shown.list) {
    if (leftOut > 0 || kind === 'bytes' || (kind === 'plain' && !exact.includes(note))) return null;
    values.push(kind === 'null' ? null : value);
  }
  return values;
}
