import { Body } from './body.ts';
import { Fields } from './fields.ts';

export interface Parse {
  /** Name of the prepared statement; empty for the unnamed one. */
  readonly name: string;
  readonly text: string;
  /** Type numbers that the client fixes; 0 leaves one to the server. */
  readonly parameterTypes: readonly number[];
}

/** Parse (F) 'P': statement name, text, Int16 count, Int32 each. @throws MalformedMessageError */
export function readParse(bytes: Buffer, start: number, end: number): Parse {
  const fields = new Fields('Parse', bytes, start, end);
  const name = fields.text('statement name');
  const text = fields.text('statement');
  const count = fields.uint16('parameter count');
  const parameterTypes: number[] = [];
  for (let i = 0; i < count; i++) parameterTypes.push(fields.uint32('parameter type'));
  fields.done();
  return { name, text, parameterTypes };
}

export function writeParse(name: string, text: string, parameterTypes: readonly number[] = []): Buffer {
  const body = new Body().text(name).text(text).int16(parameterTypes.length);
  for (const type of parameterTypes) body.int32(type);
  return body.frame('P');
}
