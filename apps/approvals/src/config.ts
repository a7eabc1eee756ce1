import { readerKeyFile } from '@sallyport/platform-runtime';
import { z } from 'zod';

const loopback = (host: string) => host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
const receiver = z.url({ protocol: /^https?$/ }).refine((url) => url.startsWith('https:') || loopback(new URL(url).hostname), 'must be https, or http on a loopback address');

/** What the service takes from its environment besides what every service takes. */
export const approvalsConfig = z
  .object({
    SALLYPORT_DSN: z.string(),
    /** Personal data in this service's events are sealed to it. */
    SALLYPORT_READER_PUBLIC_KEY: readerKeyFile,
    /** File with 32 bytes as base64url: seals texts, parameters and comments. */
    SALLYPORT_TEXT_KEY: z.string(),
    /** Where people reach the console's API. */
    SALLYPORT_PUBLIC_URL: z.url(),
    SALLYPORT_WEBHOOK_URL: receiver.optional(),
    /** File with 32 bytes as base64url: signs webhook messages. */
    SALLYPORT_WEBHOOK_KEY: z.string().optional(),
  })
  .refine((config) => (config.SALLYPORT_WEBHOOK_URL === undefined) === (config.SALLYPORT_WEBHOOK_KEY === undefined), 'SALLYPORT_WEBHOOK_URL and SALLYPORT_WEBHOOK_KEY go together');
export type ApprovalsConfig = z.infer<typeof approvalsConfig>;
