import { Body } from './body.ts';
import { Fields } from './fields.ts';

/** Query (F) 'Q': the statement string, exactly to the end. A NUL in the middle, or bytes that are no UTF-8, make it malformed. */
export function readQuery(bytes: Buffer, start: number, end: number): string {
  const fields = new Fields('Query', bytes, start, end);
  const text = fields.text('statement');
  fields.done();
  return text;
}

export function writeQuery(text: string): Buffer {
  return new Body().text(text).frame('Q');
}
