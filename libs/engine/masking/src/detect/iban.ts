import { ALNUM, DIGIT, GAP, classAt, classes, isLetter } from './bytes.ts';

/** Country and whole length, from the IBAN registry (ISO 13616). */
const registry =
  'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 ' +
  'IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 ' +
  'SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30';

const lengths = new Uint8Array(26 * 26);
for (const entry of registry.split(' ')) lengths[(entry.charCodeAt(0) - 65) * 26 + entry.charCodeAt(1) - 65] = Number(entry.slice(2));

/**
 * The end of an IBAN whose check digits begin at `at`, its country code being the two letters before; -1 when it is none. One or two
 * gap bytes may stand between any two characters. Small letters are accepted only in a word of its own.
 */
export function ibanAt(bytes: Uint8Array, at: number, start: number, end: number): number {
  const from = at - 2;
  if (from < start || at + 13 > end) return -1;
  const one = bytes[from] ?? 0;
  const two = bytes[from + 1] ?? 0;
  if (!isLetter(one) || !isLetter(two)) return -1;
  const length = lengths[((one | 0x20) - 0x61) * 26 + (two | 0x20) - 0x61] ?? 0;
  if (length === 0) return -1;
  const small = ((one | two) & 0x20) !== 0;
  if (small && from > start && (classAt(bytes, from - 1) & ALNUM) !== 0) return -1;
  const to = checked(bytes, at + 2, end, length - 4, value(one) * 100 + value(two));
  if (to === -1) return -1;
  return small && to < end && (classAt(bytes, to) & ALNUM) !== 0 ? -1 : to;
}

/**
 * Reads the `count` letters and digits of the account number from `from` on; the place after the last if, with country and check digits
 * (which stand just before `from`) moved to the end, ISO 7064 mod 97-10 gives 1; else -1.
 */
function checked(bytes: Uint8Array, from: number, end: number, count: number, country: number): number {
  const table = classes;
  let rest = 0;
  let taken = 0;
  let gapBytes = 0;
  for (let at = from; at < end; at++) {
    const byte = bytes[at] ?? 0;
    const bits = table[byte] ?? 0;
    if ((bits & ALNUM) === 0) {
      if (((bits & GAP) === 0 && byte !== 0xa0) || ++gapBytes > 2) return -1;
      continue;
    }
    gapBytes = 0;
    rest = (bits & DIGIT) !== 0 ? rest * 10 + byte - 0x30 : rest * 100 + value(byte);
    if (rest > 1e6) rest %= 97;
    if (++taken < count) continue;
    const check = ((bytes[from - 2] ?? 0) - 0x30) * 10 + (bytes[from - 1] ?? 0) - 0x30;
    return ((rest * 10_000 + country) * 100 + check) % 97 === 1 ? at + 1 : -1;
  }
  return -1;
}

/** A letter's number: A is 10. */
function value(letter: number): number {
  return (letter | 0x20) - 0x57;
}
