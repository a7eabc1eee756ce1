import { Body } from './body.ts';
import { Fields } from './fields.ts';

export interface ParameterStatus {
  readonly name: string;
  readonly value: string;
}

/** ParameterStatus (B) 'S': name, value. @throws MalformedMessageError */
export function readParameterStatus(bytes: Buffer, start: number, end: number): ParameterStatus {
  const fields = new Fields('ParameterStatus', bytes, start, end);
  const name = fields.text('name');
  const value = fields.text('value');
  fields.done();
  return { name, value };
}

export function writeParameterStatus(name: string, value: string): Buffer {
  return new Body().text(name).text(value).frame('S');
}
