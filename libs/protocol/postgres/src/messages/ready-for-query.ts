import { Body } from './body.ts';
import { Fields } from './fields.ts';

/** `I` idle, `T` in a transaction block, `E` in a failed one. */
export type TransactionState = 'I' | 'T' | 'E';

/** ReadyForQuery (B) 'Z': Byte1 transaction state. @throws MalformedMessageError */
export function readReadyForQuery(bytes: Buffer, start: number, end: number): TransactionState {
  const fields = new Fields('ReadyForQuery', bytes, start, end);
  const state = fields.uint8('transaction state');
  fields.done();
  switch (state) {
    case 0x49:
      return 'I';
    case 0x54:
      return 'T';
    case 0x45:
      return 'E';
    default:
      throw fields.wrong('an unknown transaction state');
  }
}

export function writeReadyForQuery(state: TransactionState): Buffer {
  return new Body().uint8(state.charCodeAt(0)).frame('Z');
}
