import { readNamed, writeNamed, type Named } from './named.ts';

/** Close (F) 'C': Byte1 'S' for a prepared statement or 'P' for a portal, name. @throws MalformedMessageError */
export function readClose(bytes: Buffer, start: number, end: number): Named {
  return readNamed('Close', bytes, start, end);
}

export function writeClose(what: 'S' | 'P', name: string): Buffer {
  return writeNamed('C', what, name);
}
