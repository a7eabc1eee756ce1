import { Body } from './body.ts';
import { Fields } from './fields.ts';

export interface CommandComplete {
  /** As sent: `INSERT 0 5`, `SELECT 5`, `CREATE TABLE`. */
  readonly tag: string;
  /** Rows affected or returned, where the tag says so. */
  readonly rows: number | null;
}

/** CommandComplete (B) 'C': the command tag. The row count is its last word when that is a number. @throws MalformedMessageError */
export function readCommandComplete(bytes: Buffer, start: number, end: number): CommandComplete {
  const fields = new Fields('CommandComplete', bytes, start, end);
  const tag = fields.text('tag');
  fields.done();
  const last = tag.slice(tag.lastIndexOf(' ') + 1);
  return { tag, rows: /^\d{1,15}$/.test(last) ? Number(last) : null };
}

export function writeCommandComplete(tag: string): Buffer {
  return new Body().text(tag).frame('C');
}
