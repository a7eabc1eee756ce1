import { Body } from './body.ts';
import { Fields } from './fields.ts';

/** PasswordMessage (F) 'p': one string. @throws MalformedMessageError */
export function readPassword(bytes: Buffer, start: number, end: number): string {
  const fields = new Fields('PasswordMessage', bytes, start, end);
  const password = fields.text('password');
  fields.done();
  return password;
}

/** @param password bytes without a NUL; the caller wipes both these and the message */
export function writePassword(password: Uint8Array): Buffer {
  return new Body().bytes(password).uint8(0).frame('p');
}

/** SASLInitialResponse (F) 'p': mechanism, Int32 length, data. */
export function writeSaslInitialResponse(mechanism: string, data: Uint8Array): Buffer {
  return new Body().text(mechanism).int32(data.length).bytes(data).frame('p');
}

/** SASLResponse (F) 'p': data to the end. */
export function writeSaslResponse(data: Uint8Array): Buffer {
  return new Body().bytes(data).frame('p');
}
