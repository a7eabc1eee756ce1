import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * `SALLYPORT_READER_PUBLIC_KEY` of a service: a PEM file with the X25519 public key of the evidence reader, which personal data in evidence are sealed to. Without it
 * they stand in the clear in the events that the service writes.
 */
export const readerKeyFile = z
  .string()
  .transform((path, context): KeyObject => {
    const key = read(path);
    if (key?.asymmetricKeyType === 'x25519') return key;
    context.addIssue({ code: 'custom', message: 'expected a PEM file with an X25519 public key' });
    return z.NEVER;
  })
  .optional();

function read(path: string): KeyObject | null {
  try {
    return createPublicKey(readFileSync(path));
  } catch {
    return null;
  }
}
