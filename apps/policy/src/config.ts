import { readerKeyFile } from '@sallyport/platform-runtime';
import { z } from 'zod';

/** What the service takes from its environment besides what every service takes. */
export const policyConfig = z.object({
  SALLYPORT_DSN: z.string(),
  /** Personal data in this service's events are sealed to it. */
  SALLYPORT_READER_PUBLIC_KEY: readerKeyFile,
  /** Path of the PEM file with the Ed25519 private key that signs leases. */
  SALLYPORT_LEASE_KEY: z.string(),
});
export type PolicyConfig = z.infer<typeof policyConfig>;
