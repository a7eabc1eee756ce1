import { readerKeyFile } from '@sallyport/platform-runtime';
import { z } from 'zod';

/** What the service takes from its environment besides what every service takes. */
export const governanceConfig = z.object({
  SALLYPORT_DSN: z.string(),
  /** Personal data in this service's events are sealed to it. */
  SALLYPORT_READER_PUBLIC_KEY: readerKeyFile,
});
export type GovernanceConfig = z.infer<typeof governanceConfig>;
