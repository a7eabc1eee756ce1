import { Body } from './body.ts';
import { Fields } from './fields.ts';

export interface Bind {
  /** Name of the portal; empty for the unnamed one. */
  readonly portal: string;
  readonly statement: string;
  readonly parameterCount: number;
  /** The parameter block, formats and values as sent: `bytes[parametersStart, parametersEnd)`. */
  readonly parametersStart: number;
  readonly parametersEnd: number;
  /** 0 text, 1 binary. Empty: all text; one: for all columns. */
  readonly resultFormats: readonly number[];
}

/**
 * Bind (F) 'B': portal, statement, Int16 count of format codes, Int16 each, Int16 count of values, each Int32 length (-1: NULL) and bytes,
 * Int16 count of result format codes, Int16 each. Values are passed over, not decoded. @throws MalformedMessageError
 */
export function readBind(bytes: Buffer, start: number, end: number): Bind {
  const fields = new Fields('Bind', bytes, start, end);
  const portal = fields.text('portal name');
  const statement = fields.text('statement name');
  const parametersStart = fields.at;
  const formats = fields.uint16('format count');
  for (let i = 0; i < formats; i++) format(fields);
  const parameterCount = fields.uint16('parameter count');
  if (formats > 1 && formats !== parameterCount) throw fields.wrong(`${formats} formats for ${parameterCount} parameters`);
  for (let i = 0; i < parameterCount; i++) {
    const length = fields.int32('parameter length');
    if (length !== -1) fields.skip(length, 'parameter');
  }
  const parametersEnd = fields.at;
  const results = fields.uint16('result format count');
  const resultFormats: number[] = [];
  for (let i = 0; i < results; i++) resultFormats.push(format(fields));
  fields.done();
  return { portal, statement, parameterCount, parametersStart, parametersEnd, resultFormats };
}

/** @param parameters a parameter block as `readBind` delimits it */
export function writeBind(portal: string, statement: string, parameters: Uint8Array, resultFormats: readonly number[]): Buffer {
  const body = new Body().text(portal).text(statement).bytes(parameters).int16(resultFormats.length);
  for (const one of resultFormats) body.int16(one);
  return body.frame('B');
}

function format(fields: Fields): number {
  const code = fields.uint16('format code');
  if (code > 1) throw fields.wrong(`the unknown format code ${code}`);
  return code;
}
