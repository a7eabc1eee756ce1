import { isIP } from 'node:net';
import { z } from 'zod';
import { isHostName } from '@sallyport/platform-identity';
import { readerKeyFile } from '@sallyport/platform-runtime';

const listen = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'expected host:port')
  .transform((text) => ({ host: text.slice(0, text.lastIndexOf(':')).replace(/^\[|\]$/g, ''), port: Number(text.slice(text.lastIndexOf(':') + 1)) }))
  .refine(({ port }) => port <= 65_535, 'expected a port up to 65535');

const names = z
  .string()
  .transform((text) => text.split(',').map((name) => name.trim()).filter((name) => name !== ''))
  .refine((list) => list.every(isHostName), 'expected host names or addresses with commas, without patterns');

/** What the service takes from its environment besides what every service takes. */
export const identityConfig = z
  .object({
    SALLYPORT_DSN: z.string(),
    /** Personal data in this service's events are sealed to it. */
    SALLYPORT_READER_PUBLIC_KEY: readerKeyFile,
    /** Directory of the credentials that issuers' documents name as `file:NAME`. */
    SALLYPORT_SECRETS_DIR: z.string().optional(),
    /** `host:port` where machines exchange tokens. Absent: nowhere. */
    SALLYPORT_TOKEN_LISTEN: listen.optional(),
    /** PEM files of that listener. Absent: plain HTTP, on loopback only. */
    SALLYPORT_TLS_CERT: z.string().optional(),
    SALLYPORT_TLS_KEY: z.string().optional(),
    /** By which clients know it, like `https://token.bank.example:8444`. */
    SALLYPORT_TOKEN_URL: z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, '')).optional(),
    /** Exchanges that one address may ask for in a second; five times as many at once. */
    SALLYPORT_TOKEN_RATE: z.coerce.number().min(0.1).max(10_000).default(10),
    /** Directory of the SSH authorities' keys. Absent: no SSH certificates. */
    SALLYPORT_SSH_CA_DIR: z.string().optional(),
    /** Host names and addresses of the gateways' SSH doors, with commas. */
    SALLYPORT_SSH_HOSTS: names.default([]),
  })
  .superRefine((config, context) => {
    const { SALLYPORT_TOKEN_LISTEN: at, SALLYPORT_TLS_CERT: cert, SALLYPORT_TLS_KEY: key } = config;
    if ((cert === undefined) !== (key === undefined)) context.addIssue({ code: 'custom', path: ['SALLYPORT_TLS_KEY'], message: 'goes with SALLYPORT_TLS_CERT: both or none' });
    if (at !== undefined && cert === undefined && !isLoopback(at.host)) context.addIssue({ code: 'custom', path: ['SALLYPORT_TLS_CERT'], message: 'tokens would travel in the clear: without it SALLYPORT_TOKEN_LISTEN must be a loopback address' });
  });
export type IdentityConfig = z.infer<typeof identityConfig>;

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
