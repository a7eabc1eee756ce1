import { flush, sync, writeBind, writeClose, writeDescribe, writeExecute, writeParse, writeQuery } from '../messages/index.ts';
import { Body } from '../messages/body.ts';

/** Short names for what a client says, so that a test reads as the conversation that it is. */
export const q = writeQuery;
export const s = sync;
export const h = flush;
export const p = (name: string, text: string) => writeParse(name, text);
export const d = (what: 'S' | 'P', name = '') => writeDescribe(what, name);
export const e = (portal = '', rows = 0) => writeExecute(portal, rows);
export const c = (what: 'S' | 'P', name: string) => writeClose(what, name);

/** Bind with text parameters and the results in text, or all in binary. */
export function b(portal: string, statement: string, parameters: readonly (string | null)[] = [], results: 'text' | 'binary' = 'text'): Buffer {
  const block = new Body().int16(0).int16(parameters.length);
  for (const one of parameters) {
    if (one === null) block.int32(-1);
    else block.int32(Buffer.byteLength(one)).bytes(Buffer.from(one));
  }
  return writeBind(portal, statement, body(block), results === 'binary' ? [1] : []);
}

/** A whole extended query: Parse, Bind, Describe, Execute, Sync of the unnamed statement. */
export function extended(text: string, parameters: readonly (string | null)[] = [], results: 'text' | 'binary' = 'text'): Buffer {
  return Buffer.concat([p('', text), b('', '', parameters, results), d('P'), e(), s]);
}

function body(of: Body): Buffer {
  return of.frame('x').subarray(5);
}
