import { Body } from './body.ts';
import { MalformedMessageError } from './malformed.ts';

/** Messages without a body. They are constants: write them, never change them. */
export const sync: Buffer = new Body().frame('S');
export const flush: Buffer = new Body().frame('H');
export const terminate: Buffer = new Body().frame('X');
export const copyDone: Buffer = new Body().frame('c');
export const parseComplete: Buffer = new Body().frame('1');
export const bindComplete: Buffer = new Body().frame('2');
export const closeComplete: Buffer = new Body().frame('3');
export const noData: Buffer = new Body().frame('n');
export const emptyQueryResponse: Buffer = new Body().frame('I');
export const portalSuspended: Buffer = new Body().frame('s');

/** A message that must have no body. @throws MalformedMessageError */
export function readPlain(message: string, start: number, end: number): void {
  if (start !== end) throw new MalformedMessageError(`${message}: ${end - start} bytes too many`);
}
