/**
 * Bound parameters of one command as people are shown them: approvers, and auditors in a replay. A protocol makes it of its own bytes.
 * For eyes only: what an approval is bound to, and what the evidence keeps, are the bytes themselves.
 */
export interface ShownParameters {
  readonly list: readonly ShownParameter[];
  /** What is not in the list, in words: `unreadable (12 bytes)`, `3 more, 120 bytes, are not shown`. Null when nothing is missing. */
  readonly missing: string | null;
}

export interface ShownParameter {
  /** As the statement's text names it: `$1`, `@p`. */
  readonly name: string;
  /** `null`: the absent value. `text`: characters. `plain`: a number, a boolean, a UUID. `bytes`: hexadecimal digits, as its type is not known. */
  readonly kind: 'null' | 'text' | 'plain' | 'bytes';
  /** The value or its beginning, without quotes; empty for `null`. It came from the client: whoever prints it makes it safe for his medium. */
  readonly value: string;
  /** Bytes of the value that `value` leaves out. */
  readonly leftOut: number;
  /** What is known of its type or else could be read from it: `int4`, `as an integer: 42`. */
  readonly note: string | null;
}

/** `$1 = 'x'`, `$2 = NULL`, `$3 = \x0102… (98 bytes more are not shown)`: one entry for each parameter, then what is missing. */
export function parameterLines({ list, missing }: ShownParameters): string[] {
  const lines = list.map((one) => `${one.name} = ${valueOf(one)}${remarkOf(one)}`);
  return missing === null ? lines : [...lines, missing];
}

function valueOf({ kind, value, leftOut }: ShownParameter): string {
  const more = leftOut > 0 ? '…' : '';
  switch (kind) {
    case 'null':
      return 'NULL';
    case 'text':
      return `'${value.replaceAll("'", "''")}${more}'`;
    case 'bytes':
      return `\\x${value}${more}`;
    case 'plain':
      return `${value}${more}`;
    default:
      return unknownKind(kind);
  }
}

function remarkOf({ note, leftOut }: ShownParameter): string {
  const remarks = [...(note === null ? [] : [note]), ...(leftOut > 0 ? [`${leftOut} bytes more are not shown`] : [])];
  return remarks.length === 0 ? '' : ` (${remarks.join('; ')})`;
}

function unknownKind(_kind: never): string {
  return '(not understood)';
}
