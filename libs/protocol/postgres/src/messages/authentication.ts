import { Body } from './body.ts';
import { Fields } from './fields.ts';

/** What the server asks for (docs: the Authentication… messages), told apart by an Int32. */
export type Authentication =
  | { readonly kind: 'ok' }
  | { readonly kind: 'cleartext' }
  | { readonly kind: 'md5'; readonly salt: Buffer }
  | { readonly kind: 'sasl'; readonly mechanisms: readonly string[] }
  | { readonly kind: 'sasl-continue'; readonly data: Buffer }
  | { readonly kind: 'sasl-final'; readonly data: Buffer }
  /** Kerberos, GSSAPI, SSPI and whatever comes later. */
  | { readonly kind: 'unsupported'; readonly number: number };

/** Authentication (B) 'R'. @throws MalformedMessageError */
export function readAuthentication(bytes: Buffer, start: number, end: number): Authentication {
  const fields = new Fields('Authentication', bytes, start, end);
  const number = fields.int32('kind');
  switch (number) {
    case 0:
      fields.done();
      return { kind: 'ok' };
    case 3:
      fields.done();
      return { kind: 'cleartext' };
    case 5: {
      const at = fields.skip(4, 'salt');
      fields.done();
      return { kind: 'md5', salt: Buffer.from(bytes.subarray(at, at + 4)) };
    }
    case 10: {
      const mechanisms: string[] = [];
      for (let name = fields.text('mechanism'); name !== ''; name = fields.text('mechanism')) mechanisms.push(name);
      fields.done();
      return { kind: 'sasl', mechanisms };
    }
    case 11:
      return { kind: 'sasl-continue', data: Buffer.from(bytes.subarray(fields.at, end)) };
    case 12:
      return { kind: 'sasl-final', data: Buffer.from(bytes.subarray(fields.at, end)) };
    default:
      return { kind: 'unsupported', number };
  }
}

export function writeAuthenticationOk(): Buffer {
  return new Body().int32(0).frame('R');
}

/** Asks for the password in the clear: only inside TLS. */
export function writeAuthenticationCleartext(): Buffer {
  return new Body().int32(3).frame('R');
}
