import { readerKeyFile } from '@sallyport/platform-runtime';
import { z } from 'zod';

/** What the service takes from its environment besides what every service takes. */
export const maskingConfig = z.object({
  SALLYPORT_DSN: z.string(),
  /** Personal data in this service's events are sealed to it. */
  SALLYPORT_READER_PUBLIC_KEY: readerKeyFile,
  /** A file of 32 bytes as base64url: the key of all tokens of this installation. */
  SALLYPORT_TOKEN_KEY: z.string(),
});
export type MaskingConfig = z.infer<typeof maskingConfig>;
