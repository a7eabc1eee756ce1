import { z } from 'zod';

/** What the service takes from its environment besides what every service takes. */
export const identityConfig = z.object({
  SALLYPORT_DSN: z.string(),
});
export type IdentityConfig = z.infer<typeof identityConfig>;
