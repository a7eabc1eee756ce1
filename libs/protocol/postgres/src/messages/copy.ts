import { Body } from './body.ts';
import { Fields } from './fields.ts';

/** CopyInResponse and CopyOutResponse: how the data will look. */
export interface CopyResponse {
  readonly format: 'text' | 'binary';
  /** For each column 0 text, 1 binary. */
  readonly columns: readonly number[];
}

/** CopyInResponse 'G' and CopyOutResponse 'H' (B): Int8 format, Int16 count, Int16 each. @throws MalformedMessageError */
export function readCopyResponse(bytes: Buffer, start: number, end: number): CopyResponse {
  const fields = new Fields('CopyResponse', bytes, start, end);
  const overall = fields.uint8('format');
  if (overall > 1) throw fields.wrong(`the unknown format ${overall}`);
  const count = fields.uint16('column count');
  const columns: number[] = [];
  for (let i = 0; i < count; i++) {
    const code = fields.uint16('column format');
    if (code > 1 || (overall === 0 && code !== 0)) throw fields.wrong(`the format code ${code} in a ${overall === 0 ? 'text' : 'binary'} copy`);
    columns.push(code);
  }
  fields.done();
  return { format: overall === 0 ? 'text' : 'binary', columns };
}

/** CopyData 'd', both directions: bytes to the end, cut anywhere by a client, one row each from the server. */
export function writeCopyData(data: Uint8Array): Buffer {
  return new Body().bytes(data).frame('d');
}

/** CopyFail 'f' (F): a reason. @throws MalformedMessageError */
export function readCopyFail(bytes: Buffer, start: number, end: number): string {
  const fields = new Fields('CopyFail', bytes, start, end);
  const reason = fields.text('reason');
  fields.done();
  return reason;
}

export function writeCopyFail(reason: string): Buffer {
  return new Body().text(reason).frame('f');
}
