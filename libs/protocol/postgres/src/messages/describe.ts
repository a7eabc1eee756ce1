import { readNamed, writeNamed, type Named } from './named.ts';

/** Describe (F) 'D': Byte1 'S' for a prepared statement or 'P' for a portal, name. @throws MalformedMessageError */
export function readDescribe(bytes: Buffer, start: number, end: number): Named {
  return readNamed('Describe', bytes, start, end);
}

export function writeDescribe(what: 'S' | 'P', name: string): Buffer {
  return writeNamed('D', what, name);
}
