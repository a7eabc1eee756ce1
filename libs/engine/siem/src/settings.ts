import type { EventRecord } from './read-record.ts';
import type { OcsfVersion } from './ocsf/versions.ts';

/** What the place of delivery decides. Nothing here is secret. */
export interface Settings {
  readonly ocsf: OcsfVersion;
  /** What envelopes (CloudEvents, HEC, `_bulk`, OTLP, syslog) carry. */
  readonly body: 'ocsf' | 'ecs';
  /** Sallyport's version, or null for not told. */
  readonly version: string | null;
  /** Log name without epoch, also the `source` of records; null: `sallyport.local/<tenant>`. Must stay the same, since receivers know repeats by it. */
  readonly log: string | null;
  /** Name of the host that delivers. */
  readonly host: string;
  /** Elastic index or data stream. */
  readonly index: string;
  /** Elastic: `create` refuses a repeat (409, exact), `index` overwrites it. Data streams take only `create`. */
  readonly bulk: 'create' | 'index';
  /** Splunk index, or null for the token's own. */
  readonly splunkIndex: string | null;
  /** Syslog facility, 0 to 23; 13 is log audit. */
  readonly facility: number;
  /** Private enterprise number in the SD-ID. 32473 is the number for documentation (RFC 5612): put your own. */
  readonly enterprise: number;
}

export const defaults: Settings = {
  ocsf: '1.9.0', body: 'ocsf', version: null, log: null, host: 'sallyport', index: 'logs-sallyport.evidence-default', bulk: 'create', splunkIndex: null, facility: 13, enterprise: 32473,
};

export function logName(settings: Settings, record: EventRecord): string {
  if (settings.log !== null) return settings.log;
  return record.note !== null && record.stored.proof !== undefined ? record.stored.proof.origin.replace(/\/\d+$/, '') : `sallyport.local/${record.tenant ?? 'unknown'}`;
}
