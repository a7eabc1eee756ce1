import { Body } from './body.ts';
import { Fields } from './fields.ts';

/** What Describe and Close point at. */
export interface Named {
  /** `S` a prepared statement, `P` a portal. */
  readonly what: 'S' | 'P';
  readonly name: string;
}

/** The layout that Describe and Close share: Byte1 'S' or 'P', name. @throws MalformedMessageError */
export function readNamed(message: string, bytes: Buffer, start: number, end: number): Named {
  const fields = new Fields(message, bytes, start, end);
  const what = fields.uint8('kind');
  if (what !== 0x53 && what !== 0x50) throw fields.wrong('neither a statement nor a portal');
  const name = fields.text('name');
  fields.done();
  return { what: what === 0x53 ? 'S' : 'P', name };
}

export function writeNamed(type: 'D' | 'C', what: 'S' | 'P', name: string): Buffer {
  return new Body().uint8(what === 'S' ? 0x53 : 0x50).text(name).frame(type);
}
