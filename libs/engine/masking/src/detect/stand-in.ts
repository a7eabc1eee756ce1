import { ALNUM, DIGIT, classAt, classes } from './bytes.ts';
import { CARD, EMAIL, IBAN, type Kind, PHONE, SSN } from './find.ts';
import type { Out } from './out.ts';

const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const twelveStars = ascii('************');
const eightStars = ascii('********');
const ssnFront = ascii('***-**-');
const threeStars = ascii('***');

/**
 * Writes what stands in a hit's place: a card keeps its last four digits, a social security number too (`***-**-6789`), an IBAN its country
 * and last four, an email two first letters (`a***@d***`), a phone number its last two digits. Lengths do not tell the original's.
 */
export function standIn(kind: Kind, bytes: Uint8Array, start: number, end: number, out: Out): void {
  switch (kind) {
    case CARD:
      out.copy(twelveStars, 0, 12);
      return last(bytes, start, end, 4, DIGIT, out);
    case SSN:
      out.copy(ssnFront, 0, 7);
      return last(bytes, start, end, 4, DIGIT, out);
    case IBAN:
      out.copy(bytes, start, start + 2);
      out.copy(twelveStars, 0, 12);
      return last(bytes, start, end, 4, ALNUM, out);
    case EMAIL:
      return email(bytes, start, end, out);
    case PHONE:
      out.copy(eightStars, 0, 8);
      return last(bytes, start, end, 2, DIGIT, out);
    default:
      return out.copy(threeStars, 0, 3);
  }
}

/** The last `count` bytes of a class, gaps left out. */
function last(bytes: Uint8Array, start: number, end: number, count: number, wanted: number, out: Out): void {
  const table = classes;
  let from = end;
  while (count > 0 && from > start) if (((table[bytes[--from] ?? 0] ?? 0) & wanted) !== 0) count--;
  for (; from < end; from++) {
    const byte = bytes[from] ?? 0;
    if (((table[byte] ?? 0) & wanted) !== 0) out.byte(byte);
  }
}

/** A local part of one letter is hidden too: its first letter would be all of it. */
function email(bytes: Uint8Array, start: number, end: number, out: Out): void {
  let at = start;
  while (at < end && bytes[at] !== 0x40) at++;
  if (at - start > 1) letter(bytes, start, out);
  out.copy(threeStars, 0, 3);
  out.byte(0x40);
  if (at + 1 < end) letter(bytes, at + 1, out);
  out.copy(threeStars, 0, 3);
}

function letter(bytes: Uint8Array, at: number, out: Out): void {
  if ((classAt(bytes, at) & ALNUM) !== 0) out.byte(bytes[at] ?? 0);
}
