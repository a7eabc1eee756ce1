import { isAscii, isUtf8 } from 'node:buffer';
import { ScramError } from './scram-error.ts';

/**
 * SASLprep (RFC 4013), the part that is certain. ASCII is used as it is, as PostgreSQL does. Latin-1, Latin Extended-A and Cyrillic letters are
 * mapped and normalised. Everything else would need the tables of Unicode 3.2 (unassigned and prohibited characters, right-to-left rules), which
 * Node does not have: a wrong guess would look like a wrong password, so it is refused by name.
 * @returns a buffer of its own
 * @throws ScramError
 */
export function saslPrep(password: Uint8Array): Buffer {
  if (isAscii(password)) return Buffer.from(password);
  if (!isUtf8(password)) throw new ScramError('the password is not UTF-8');
  let mapped = '';
  for (const char of Buffer.from(password).toString('utf8')) {
    const code = char.codePointAt(0) ?? 0;
    if (code === 0xad) continue; // soft hyphen: commonly mapped to nothing (RFC 3454 table B.1)
    if (code === 0xa0) mapped += ' '; // non-ASCII space (table C.1.2)
    else if ((code >= 0x20 && code < 0x7f) || (code > 0xa0 && code <= 0x17f) || (code >= 0x400 && code <= 0x45f)) mapped += char;
    else throw new ScramError('the password has characters whose SASLprep form is not supported here: use ASCII, Latin or Cyrillic letters');
  }
  return Buffer.from(mapped.normalize('NFKC'), 'utf8');
}
