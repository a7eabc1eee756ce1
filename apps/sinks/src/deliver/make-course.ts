import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { SinkDocument } from '@sallyport/platform-config';
import type { SecretSource } from '@sallyport/platform-secrets';
import { format, type FormatName, type Settings } from '@sallyport/engine-siem';
import { Archive } from '../archive/archive.ts';
import { Bucket } from '../s3/bucket.ts';
import { S3Objects } from '../s3/s3-objects.ts';
import { AzureMonitor } from '../transports/azure-monitor.ts';
import { ElasticBulk } from '../transports/elastic-bulk.ts';
import { HttpPost } from '../transports/http-post.ts';
import { JsonFile } from '../transports/json-file.ts';
import { OtlpLogs } from '../transports/otlp-logs.ts';
import { Secret } from '../transports/secret.ts';
import { SplunkHec } from '../transports/splunk-hec.ts';
import { SyslogTls } from '../transports/syslog-tls.ts';
import { DeliveryError, type Transport } from '../transports/transport.ts';
import { Webhook } from '../transports/webhook.ts';
import type { Course } from './course.ts';
import type { LeafSource } from './leaf-source.ts';
import { Records } from './records.ts';

export interface House {
  /** The service's own directory, for files. */
  readonly state: string;
  readonly secrets: SecretSource;
  /** Name of the log; null: `sallyport.local/<tenant>`. */
  readonly log: string | null;
  readonly version: string;
}

type SinkSpec = SinkDocument['spec'];
type RecordSpec = Exclude<SinkSpec, { type: 's3-object-lock' }>;

/** How the sink of a document is fed. Opens nothing but the file of an authority. Throws DeliveryError. */
export async function makeCourse({ metadata: { name }, spec }: SinkDocument, house: House, source: LeafSource): Promise<Course> {
  if (spec.type !== 's3-object-lock') return new Records({ transport: await makeTransport(name, spec, house), source, families: spec.families ?? null });
  const { everySeconds, retainDays, prefix } = spec;
  return new Archive({ bucket: await bucketOf(name, spec, house), prefix, everyMs: everySeconds * 1000, retainDays, source });
}

async function makeTransport(name: string, spec: RecordSpec, house: House): Promise<Transport> {
  const shared: Partial<Settings> = { ocsf: spec.ocsf, version: house.version, log: house.log, host: hostname() };
  const made = (of: FormatName, more: Partial<Settings> = {}) => format(of, { ...shared, ...more });
  const secret = (reference: string) => new Secret(house.secrets, reference, name);
  const now = Date.now;
  switch (spec.type) {
    case 'file':
      return new JsonFile({ path: join(house.state, `${spec.file}.jsonl`), maxBytes: spec.maxBytes, keep: spec.keep, format: made(spec.format) });
    case 's3':
      return new S3Objects({ bucket: await bucketOf(name, spec, house), prefix: spec.prefix, format: made(spec.format), gather: { records: spec.maxRecords, bytes: spec.maxBytes, ageMs: spec.maxAgeSeconds * 1000 } });
    case 'syslog': {
      const url = new URL(spec.url);
      return new SyslogTls({ host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(url.port), ca: await authorityOf(spec.ca), serverName: spec.serverName ?? null, format: made(spec.format, { facility: spec.facility }) });
    }
  }
  const url = new URL(spec.url);
  const http = new HttpPost(url, await authorityOf(spec.ca));
  const body = spec.format;
  switch (spec.type) {
    case 'webhook':
      return new Webhook({ url, http, format: made('cloudevents', { body }), secret: secret(spec.secret), now });
    case 'splunk-hec':
      return new SplunkHec({ url, http, format: made('splunk-hec', { body, splunkIndex: spec.index ?? null }), token: secret(spec.token) });
    case 'elastic':
      return new ElasticBulk({ url, http, format: made('elastic-bulk', { body, index: spec.index }), apiKey: secret(spec.apiKey) });
    case 'azure-monitor': {
      const authority = new URL(spec.authority);
      const { rule, stream, tenant } = spec;
      return new AzureMonitor({ url, http, rule, stream, tenant, authority, login: new HttpPost(authority, null), client: secret(spec.client), format: made('azure-logs', { body }), now });
    }
    case 'otlp':
      return new OtlpLogs({ url, http, format: made('otlp-logs', { body }), token: spec.token === undefined ? null : secret(spec.token), settings: shared });
  }
}

async function bucketOf(name: string, spec: Extract<SinkSpec, { bucket: string }>, { secrets }: House): Promise<Bucket> {
  const endpoint = new URL(spec.endpoint);
  const { region, bucket, addressing, encryption, kmsKey = null, credentials } = spec;
  return new Bucket({ endpoint, region, bucket, addressing, encryption, kmsKey, http: new HttpPost(endpoint, await authorityOf(spec.ca)), credentials: new Secret(secrets, credentials, name), now: Date.now });
}

/** PEM text, or the file that `file:` names. */
async function authorityOf(ca: string | undefined): Promise<string | null> {
  if (ca === undefined) return null;
  if (!ca.startsWith('file:')) return ca;
  try {
    return await readFile(ca.slice('file:'.length), 'utf8');
  } catch {
    throw new DeliveryError('secret', 'the file of the authority cannot be read');
  }
}
