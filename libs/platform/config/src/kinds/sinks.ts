import { z } from 'zod';
import { authority, document, name } from './common.ts';

/** Where the sinks service finds a secret: `file:NAME` or `env:NAME`. Never the secret. */
const secret = z.string().regex(/^(file|env):[A-Za-z0-9_.-]+$/, 'must be file:NAME or env:NAME');

const https = z.url().refine((text) => text.startsWith('https://') || (text.startsWith('http://') && isLoopback(text)), 'must be https; http is for loopback addresses only: evidence would cross the network in the clear')
  .refine((text) => !hasUserInfo(text), 'must not hold a user or password: name a secret instead');

const shared = {
  /** First words of event types (`session`, `command`, `log`); absent: all. What is left out is counted in `sink.watermark`. */
  families: z.array(z.string().regex(/^[a-z][a-z_]{0,30}$/, 'must be the first word of event types, like session')).min(1).max(50).optional(),
  /** Evidence that this sink has not taken is never purged. */
  required: z.boolean().default(false),
  /** What is inside of the transport's own envelope. */
  format: z.enum(['ocsf', 'ecs']).default('ocsf'),
  ocsf: z.enum(['1.6.0', '1.7.0', '1.8.0', '1.9.0']).default('1.9.0'),
};
/** The authority of the receiver's certificate; absent: those that the system trusts. */
const ca = authority.optional();
const index = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,199}$/, 'must be lower case letters, digits, dots, dashes and underscores');

/** Where in an S3-compatible store, and as whom. */
const bucket = {
  /** The service, without the bucket: https://s3.eu-central-1.amazonaws.com */
  endpoint: https.refine((text) => ['/', ''].includes(URL.parse(text)?.pathname ?? ''), 'must be the address alone: bucket and prefix are fields of their own'),
  ca,
  region: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be a region like eu-central-1'),
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket'),
  /** What stands before every object's name, without a slash at the end. */
  prefix: z.string().max(200).regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/, 'must be words of letters, digits, dots, dashes and underscores, with slashes between').default('sallyport'),
  addressing: z.enum(['virtual-host', 'path']).default('virtual-host'),
  /** User name: the access key id; password: the secret access key. */
  credentials: secret,
  /** Encryption at rest; `bucket`: what the bucket does by itself. */
  encryption: z.enum(['bucket', 'AES256', 'aws:kms']).default('bucket'),
  /** The key of `aws:kms`; absent: the account's own. */
  kmsKey: z.string().regex(/^[A-Za-z0-9:/_-]{1,256}$/, 'must be the id or ARN of a key').optional(),
};
const days = z.int().min(1).max(36_500);

const types = ['file', 'webhook', 'syslog', 'splunk-hec', 'elastic', 'azure-monitor', 'otlp', 's3', 's3-object-lock'] as const;

/** Where evidence goes as it is committed. metadata.name names its cursor: under another name it starts at the first leaf. */
export const sinkDocument = document('Sink', z.discriminatedUnion('type', [
  /** Lines of JSON, appended and synced; a full file is renamed and `keep` of them are kept. */
  z.strictObject({
    ...shared, type: z.literal('file'), format: z.enum(['jsonl', 'ocsf', 'ecs', 'cloudevents']).default('jsonl'),
    /** Below the sinks service's own directory. */
    file: name, maxBytes: z.int().min(64 * 1024).max(4 * 1024 ** 3).default(256 * 1024 ** 2), keep: z.int().min(1).max(1000).default(10),
  }),
  /** Batches of CloudEvents, signed with HMAC-SHA-256 as approval notices are. */
  z.strictObject({ ...shared, type: z.literal('webhook'), url: https, ca, secret }),
  /** RFC 5424 in octet frames over TLS (RFC 5425). */
  z.strictObject({
    ...shared, type: z.literal('syslog'), format: z.enum(['syslog', 'syslog-cef', 'syslog-leef']).default('syslog'),
    url: z.string().regex(/^tls:\/\/[A-Za-z0-9.:[\]-]+:\d{1,5}$/, 'must be tls://host:port'), ca, serverName: z.string().min(1).max(253).optional(), facility: z.int().min(0).max(23).default(13),
  }),
  z.strictObject({ ...shared, type: z.literal('splunk-hec'), url: https, ca, token: secret, index: index.optional() }),
  z.strictObject({ ...shared, type: z.literal('elastic'), url: https, ca, apiKey: secret, index: index.default('logs-sallyport.evidence-default') }),
  z.strictObject({
    ...shared, type: z.literal('azure-monitor'), url: https, ca,
    /** Immutable id of the data collection rule, and its stream. */
    rule: z.string().regex(/^dcr-[a-z0-9]{8,64}$/, 'must be the immutable id of a data collection rule'), stream: z.string().regex(/^Custom-[A-Za-z0-9_]{1,100}$/, 'must be like Custom-Sallyport_CL'),
    /** The application that may send: its tenant, and a secret whose user name is the client id. */
    tenant: z.uuid(), client: secret, authority: https.default('https://login.microsoftonline.com'),
  }),
  z.strictObject({ ...shared, type: z.literal('otlp'), url: https, ca, token: secret.optional() }),
  /** Compressed lines of JSON, one object for each range of leaves: `<prefix>/yyyy/mm/dd/<first>-<last>.jsonl.gz`. */
  z.strictObject({
    ...shared, type: z.literal('s3'), format: z.enum(['jsonl', 'ocsf', 'ecs', 'cloudevents']).default('jsonl'), ...bucket,
    /** An object is written when it has so many records or bytes (before compression), or when its first leaf is so old. */
    maxRecords: z.int().min(1).max(100_000).default(10_000), maxBytes: z.int().min(64 * 1024).max(64 * 1024 ** 2).default(8 * 1024 ** 2), maxAgeSeconds: z.int().min(1).max(3600).default(60),
  }),
  /** The log itself in C2SP tlog-tiles form, every object under S3 Object Lock in compliance mode: nobody can change or delete it before its day. */
  z.strictObject({
    type: z.literal('s3-object-lock'), required: shared.required, ...bucket,
    /** Seconds between two copies, each up to a checkpoint; what is not a full tile of 256 is written anew each time. */
    everySeconds: z.int().min(10).max(86_400).default(600),
    /** Days for which objects are locked, from when they are written. */
    retainDays: z.strictObject({ tiles: days.default(3650), entries: days.default(2555), checkpoints: days.default(3650) }).prefault({}),
  }),
], { error: (issue) => (issue.code === 'invalid_union' ? `must be one of ${types.join(', ')}` : undefined) }));

export type SinkDocument = z.infer<typeof sinkDocument>;
export type SinkSpec = SinkDocument['spec'];

function isLoopback(text: string): boolean {
  const { hostname } = URL.parse(text) ?? { hostname: '' };
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function hasUserInfo(text: string): boolean {
  const { username, password } = URL.parse(text) ?? { username: '', password: '' };
  return username !== '' || password !== '';
}
