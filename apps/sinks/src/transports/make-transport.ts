import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { SinkDocument } from '@sallyport/platform-config';
import type { SecretSource } from '@sallyport/platform-secrets';
import { format, type FormatName, type Settings } from '@sallyport/engine-siem';
import { AzureMonitor } from './azure-monitor.ts';
import { ElasticBulk } from './elastic-bulk.ts';
import { HttpPost } from './http-post.ts';
import { JsonFile } from './json-file.ts';
import { OtlpLogs } from './otlp-logs.ts';
import { Secret } from './secret.ts';
import { SplunkHec } from './splunk-hec.ts';
import { SyslogTls } from './syslog-tls.ts';
import { DeliveryError, type Transport } from './transport.ts';
import { Webhook } from './webhook.ts';

export interface House {
  /** The service's own directory, for files. */
  readonly state: string;
  readonly secrets: SecretSource;
  /** Name of the log; null: `sallyport.local/<tenant>`. */
  readonly log: string | null;
  readonly version: string;
}

/** The way out that a document describes. Opens nothing but the file of an authority. */
export async function makeTransport({ metadata: { name }, spec }: SinkDocument, house: House): Promise<Transport> {
  const shared: Partial<Settings> = { ocsf: spec.ocsf, version: house.version, log: house.log, host: hostname() };
  const made = (of: FormatName, more: Partial<Settings> = {}) => format(of, { ...shared, ...more });
  const secret = (reference: string) => new Secret(house.secrets, reference, name);
  const now = Date.now;
  switch (spec.type) {
    case 'file':
      return new JsonFile({ path: join(house.state, `${spec.file}.jsonl`), maxBytes: spec.maxBytes, keep: spec.keep, format: made(spec.format) });
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
