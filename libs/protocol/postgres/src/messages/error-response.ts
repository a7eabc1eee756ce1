import { Body } from './body.ts';
import { Fields } from './fields.ts';

/**
 * The fields of an ErrorResponse or NoticeResponse by their letter (docs "Error and Notice Message Fields"): S severity, V the same
 * untranslated, C SQLSTATE, M message, D detail, H hint, P position, W where, s schema, t table, c column, d type, n constraint,
 * F file, L line, R routine. Order is kept.
 */
export type ErrorFields = ReadonlyMap<string, string>;

/** ErrorResponse 'E' and NoticeResponse 'N' (B): Byte1 letter and string, again and again, then a zero byte. @throws MalformedMessageError */
export function readErrorFields(bytes: Buffer, start: number, end: number): Map<string, string> {
  const fields = new Fields('ErrorResponse', bytes, start, end);
  const report = new Map<string, string>();
  for (let letter = fields.uint8('field'); letter !== 0; letter = fields.uint8('field')) {
    // Servers before they know the client's encoding, and file names, may send other bytes: texts are read leniently here.
    const from = fields.at;
    const to = fields.skipText('field text');
    report.set(String.fromCharCode(letter), bytes.toString('utf8', from, to));
  }
  fields.done();
  return report;
}

/** @param type `E` for an ErrorResponse, `N` for a NoticeResponse */
export function writeErrorFields(type: 'E' | 'N', report: ErrorFields): Buffer {
  const body = new Body();
  for (const [letter, text] of report) body.uint8(letter.charCodeAt(0)).text(text.replaceAll('\0', ' '));
  return body.uint8(0).frame(type);
}
