import { readFileSync } from 'node:fs';
import { z } from 'zod';

const loopback = (address: string) => /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\]):\d+$/.test(address);

/** What the console takes from its environment besides what every service takes. Tokens do not travel in the clear: without TLS it listens on loopback only. */
export const consoleConfig = z
  .object({
    SALLYPORT_HTTP: z.string(),
    /** PEM files. */
    SALLYPORT_API_CERT: z.string().optional(),
    SALLYPORT_API_KEY: z.string().optional(),
    /** File whose text is the bootstrap administrator's token; absent: there is none. */
    SALLYPORT_ADMIN_TOKEN_FILE: z.string().optional(),
  })
  .refine((config) => (config.SALLYPORT_API_CERT === undefined) === (config.SALLYPORT_API_KEY === undefined), 'SALLYPORT_API_CERT and SALLYPORT_API_KEY go together')
  .refine((config) => config.SALLYPORT_API_CERT !== undefined || loopback(config.SALLYPORT_HTTP), 'SALLYPORT_HTTP must be a loopback address, or SALLYPORT_API_CERT and SALLYPORT_API_KEY must be set');
export type ConsoleConfig = z.infer<typeof consoleConfig>;

/** Read once, at boot. */
export function tlsOf({ SALLYPORT_API_CERT: cert, SALLYPORT_API_KEY: key }: ConsoleConfig): { cert: string; key: string } | null {
  return cert === undefined || key === undefined ? null : { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
}
