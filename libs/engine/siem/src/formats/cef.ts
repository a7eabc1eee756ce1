import { isAddress, userOf, whoOf } from '../families/parties.ts';
import type { Severity } from '../described.ts';
import type { EventRecord } from '../read-record.ts';
import type { Settings } from '../settings.ts';
import { shareableData } from '../shareable.ts';
import { cut } from './cut.ts';
import { withoutControls } from './without-controls.ts';

/**
 * One line of ArcSight's Common Event Format, version 0 ("Implementing ArcSight Common Event Format", CEF Implementation Standard).
 * In the header `\` and `|` are escaped and line ends become blanks; in the extension `\`, `=` and line ends (`\n`, `\r`) are escaped, other
 * control characters become blanks.
 * CEF's custom strings hold 4,000 characters: longer data are cut, with `…` at the end; the whole is at the leaf that `cn1` names.
 */
export function cef(record: EventRecord, settings: Settings): string {
  const { says, type } = record;
  const header = ['CEF:0', 'Sallyport', 'Sallyport', settings.version ?? '0', type, says.title, String(cefSeverity[says.severity])];
  return `${header.map((part, i) => (i === 0 ? part : headerText(part))).join('|')}|${extension(record).map(([key, value]) => `${key}=${extensionText(value)}`).join(' ')}`;
}

/** 0 to 10. */
export const cefSeverity: Readonly<Record<Severity, number>> = { informational: 1, low: 3, medium: 5, high: 8, critical: 10 };

type Pair = readonly [key: string, value: string];

function extension(record: EventRecord): readonly Pair[] {
  const { event, says, stored } = record;
  const on = event?.on ?? null;
  return [
    ['rt', String(record.time)],
    ['externalId', record.id],
    ['cat', record.type],
    ...maybe('outcome', says.outcome === 'unknown' ? null : says.outcome),
    ...maybe('act', says.ocsf.control?.action ?? null),
    ...maybe('reason', says.code),
    ['msg', cut(says.message, 1023)],
    ...source(says.source),
    ...(event === null ? [] : ([['suid', String(userOf(event)['uid'])], ['suser', cut(whoOf(event), 1023)], ['deviceExternalId', event.prod.id]] satisfies Pair[])),
    ...(on === null ? [] : ([['destinationServiceName', on.target], ['app', on.kind]] satisfies Pair[])),
    ...(record.leaf === null ? [] : labelled('cn1', 'leaf', String(record.leaf))),
    ...(record.sha256 === null ? [] : labelled('cs1', 'sha256', record.sha256)),
    ...(event === null ? [] : labelled('cs2', 'chain', event.sid)),
    ...(event === null ? [] : labelled('cs3', 'previousSha256', event.prev)),
    ...(event === null ? [] : labelled('cs4', 'tenant', event.tenant)),
    ...(stored.proof === undefined ? [] : labelled('cs5', 'checkpoint', `${stored.proof.origin} ${stored.proof.size} ${stored.proof.root}`)),
    ...(record.note === null ? [] : labelled('cs6', 'note', wholeLines(record.note, 4000))),
    ...(event === null ? [] : labelled('cs6', 'data', cut(JSON.stringify(shareableData(event.d)), 4000))),
  ];
}

/** As many lines as fit: half a signature line would be none. Those of the log come first. */
function wholeLines(text: string, most: number): string {
  return text.length <= most ? text : text.slice(0, text.lastIndexOf('\n', most - 1) + 1);
}

/** CEF 0 has IPv4 in `src`; IPv6 has a custom address field. */
function source(address: string | null): readonly Pair[] {
  if (address === null || address === '') return [];
  if (!isAddress(address)) return [['shost', address]];
  return address.includes(':') ? labelled('c6a2', 'Source IPv6 Address', address) : [['src', address]];
}

function labelled(key: string, label: string, value: string): readonly Pair[] {
  return [[`${key}Label`, label], [key, value]];
}

function maybe(key: string, value: string | null): readonly Pair[] {
  return value === null ? [] : [[key, value]];
}

function headerText(value: string): string {
  return withoutControls(value).replace(/[\\|]/g, '\\$&');
}

function extensionText(value: string): string {
  return withoutControls(value.replace(/[\\=]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r'));
}
