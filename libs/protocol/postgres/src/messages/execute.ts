import { Body } from './body.ts';
import { Fields } from './fields.ts';

export interface Execute {
  readonly portal: string;
  /** Rows after which the portal is suspended; 0 for all. */
  readonly maxRows: number;
}

/** Execute (F) 'E': portal name, Int32 rows. As the server does, a count of zero or less means all. @throws MalformedMessageError */
export function readExecute(bytes: Buffer, start: number, end: number): Execute {
  const fields = new Fields('Execute', bytes, start, end);
  const portal = fields.text('portal name');
  const maxRows = Math.max(0, fields.int32('row limit'));
  fields.done();
  return { portal, maxRows };
}

export function writeExecute(portal: string, maxRows = 0): Buffer {
  return new Body().text(portal).int32(maxRows).frame('E');
}
