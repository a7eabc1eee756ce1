import { isIP } from 'node:net';
import { readerKeyFile } from '@sallyport/platform-runtime';
import { z } from 'zod';

const listen = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'expected host:port')
  .transform((text) => ({ host: text.slice(0, text.lastIndexOf(':')).replace(/^\[|\]$/g, ''), port: Number(text.slice(text.lastIndexOf(':') + 1)) }))
  .refine(({ port }) => port <= 65_535, 'expected a port up to 65535');

/** What the service takes from its environment besides what every service takes. */
export const governanceConfig = z
  .object({
    SALLYPORT_DSN: z.string(),
    /** Personal data in this service's events are sealed to it. */
    SALLYPORT_READER_PUBLIC_KEY: readerKeyFile,
    /** `host:port` where directories (SCIM) and transmitters of security events come in. Absent: nowhere. */
    SALLYPORT_SIGNALS_LISTEN: listen.optional(),
    /** PEM files of that listener. Absent: plain HTTP, on loopback only. */
    SALLYPORT_TLS_CERT: z.string().optional(),
    SALLYPORT_TLS_KEY: z.string().optional(),
    /** By which directories know it, like `https://signals.bank.example:8445`. */
    SALLYPORT_SIGNALS_URL: z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, '')).optional(),
    /** Requests that one directory may make in a second; five times as many at once. */
    SALLYPORT_SIGNALS_RATE: z.coerce.number().min(0.1).max(10_000).default(50),
    /** Directory of the tokens by which transmitters are polled, named as `file:NAME`. */
    SALLYPORT_SECRETS_DIR: z.string().optional(),
  })
  .superRefine((config, context) => {
    const { SALLYPORT_SIGNALS_LISTEN: at, SALLYPORT_TLS_CERT: cert, SALLYPORT_TLS_KEY: key } = config;
    if ((cert === undefined) !== (key === undefined)) context.addIssue({ code: 'custom', path: ['SALLYPORT_TLS_KEY'], message: 'goes with SALLYPORT_TLS_CERT: both or none' });
    if (at !== undefined && cert === undefined && !isLoopback(at.host)) context.addIssue({ code: 'custom', path: ['SALLYPORT_TLS_CERT'], message: 'tokens would travel in the clear: without it SALLYPORT_SIGNALS_LISTEN must be a loopback address' });
  });
export type GovernanceConfig = z.infer<typeof governanceConfig>;

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
