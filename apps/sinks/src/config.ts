import { readerKeyFile } from '@sallyport/platform-runtime';
import { z } from 'zod';

/** What the service takes from its environment besides what every service takes. */
export const sinksConfig = z.object({
  SALLYPORT_DSN: z.string(),
  /** Personal data in this service's events are sealed to it. */
  SALLYPORT_READER_PUBLIC_KEY: readerKeyFile,
  /** Directory of the secrets that sinks name as `file:NAME`. */
  SALLYPORT_SECRETS_DIR: z.string().optional(),
  /** Name of the log, the `source` of what receivers get; must stay the same, since they know repeats by it. */
  SALLYPORT_LOG_ORIGIN: z.string().max(200).optional(),
});
export type SinksConfig = z.infer<typeof sinksConfig>;
