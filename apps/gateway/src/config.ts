import { z } from 'zod';

const hostPort = z.string().regex(/^[^:\s]+:\d{1,5}$/, 'must be host:port');

/** What the gateway reads from its environment, besides what every service reads. */
export const gatewayConfig = z.object({
  /** Unique and stable for this instance: names its journal and its place in the ledger. */
  SALLYPORT_GATEWAY_ID: z.string().regex(/^[a-z0-9-]{1,40}$/, 'must be lower case letters, digits and dashes').default('gateway-1'),
  /** PEM file, mode 600: Ed25519 key that ends of sessions are signed with. Absent: `instance-key.pem` in the state directory, made at the first start. */
  SALLYPORT_INSTANCE_KEY: z.string().min(1).optional(),
  SALLYPORT_PG_LISTEN: hostPort.default('127.0.0.1:15432'),
  /** Where SSH is taken, `host:port`. Absent: nowhere. */
  SALLYPORT_SSH_LISTEN: hostPort.optional(),
  /** Private host key of SSH, in OpenSSH's format, mode 600; made at the first start where it is not there. Absent: `ssh_host_key` in the state directory. */
  SALLYPORT_SSH_HOST_KEY: z.string().min(1).optional(),
  /** Names and addresses by which SSH clients reach this gateway, with commas between them: identity certifies the host key for them. Absent: the key stands alone. */
  SALLYPORT_SSH_NAMES: z.string().transform((names) => names.split(',').map((name) => name.trim()).filter((name) => name !== '')).default([]),
  SALLYPORT_TLS_CERT: z.string().min(1),
  SALLYPORT_TLS_KEY: z.string().min(1),
  SALLYPORT_SECRETS_DIR: z.string().min(1),
  SALLYPORT_LEASE_PUBLIC_KEY: z.string().min(1),
  SALLYPORT_READER_PUBLIC_KEY: z.string().min(1),
  /** Largest journal in bytes; past it, commands are refused. */
  SALLYPORT_JOURNAL_MAX: z.coerce.number().int().min(1024 * 1024).default(1024 * 1024 * 1024),
  SALLYPORT_MAX_CONNECTIONS: z.coerce.number().int().min(1).default(5000),
  /** Seconds after which a session ends whatever it does. */
  SALLYPORT_MAX_SESSION: z.coerce.number().int().min(1).default(12 * 3600),
  SALLYPORT_GREET_TIMEOUT_MS: z.coerce.number().int().min(100).default(15_000),
});

export type GatewayConfig = z.infer<typeof gatewayConfig>;
