import { Body } from './body.ts';

/**
 * NegotiateProtocolVersion (B) 'v': Int32 protocol version that will be spoken, Int32 number of protocol options that are not
 * understood, their names. Sent before the authentication request to a client that asked for more; it goes on or goes away.
 */
export function writeNegotiateProtocolVersion(minor: number, notUnderstood: readonly string[]): Buffer {
  const body = new Body().int16(3).int16(minor).int32(notUnderstood.length);
  for (const name of notUnderstood) body.text(name);
  return body.frame('v');
}
