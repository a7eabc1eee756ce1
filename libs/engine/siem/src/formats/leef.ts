import { isAddress, userOf, whoOf } from '../families/parties.ts';
import type { EventRecord } from '../read-record.ts';
import type { Settings } from '../settings.ts';
import { shareableData } from '../shareable.ts';
import { cefSeverity } from './cef.ts';
import { cut } from './cut.ts';
import { withoutControls } from './without-controls.ts';

/**
 * One line of IBM QRadar's Log Event Extended Format 2.0 ("LEEF event components"), attributes separated by tabs (`x09`). LEEF has no
 * escapes: what would end a header field, an attribute or the line is written otherwise. In the header `|` becomes `/`; in values tabs,
 * line ends and other control characters become blanks. `=` needs nothing: the first one ends the key. Nothing that matters can hold a tab: data are JSON, whose own escapes stay.
 */
export function leef(record: EventRecord, settings: Settings): string {
  const header = ['LEEF:2.0', 'Sallyport', 'Sallyport', settings.version ?? '0', record.type, 'x09'];
  return `${header.map(headerText).join('|')}|${attributes(record).map(([key, value]) => `${key}=${withoutControls(value)}`).join('\t')}`;
}

type Pair = readonly [key: string, value: string];

function attributes(record: EventRecord): readonly Pair[] {
  const { event, says, stored } = record;
  return [
    ['devTime', new Date(record.time).toISOString()],
    ['devTimeFormat', "yyyy-MM-dd'T'HH:mm:ss.SSSX"],
    ['cat', says.ecs.category[0] ?? 'sallyport'],
    ['sev', String(cefSeverity[says.severity])],
    ['eventId', record.id],
    ['eventName', says.title],
    ['outcome', says.outcome],
    ...(says.code === null ? [] : ([['reason', says.code]] satisfies Pair[])),
    ['msg', cut(says.message, 1023)],
    ...(says.source === null || says.source === '' ? [] : ([[isAddress(says.source) ? 'src' : 'identHostName', says.source]] satisfies Pair[])),
    ...(record.leaf === null ? [] : ([['leaf', String(record.leaf)]] satisfies Pair[])),
    ...(record.sha256 === null ? [] : ([['sha256', record.sha256]] satisfies Pair[])),
    ...(stored.proof === undefined ? [] : ([['checkpoint', `${stored.proof.origin} ${stored.proof.size} ${stored.proof.root}`]] satisfies Pair[])),
    ...(record.note === null ? [] : ([['noteBase64', Buffer.from(record.note).toString('base64')]] satisfies Pair[])),
    ...(event === null ? [] : ofEvent(event)),
  ];
}

function ofEvent(event: NonNullable<EventRecord['event']>): readonly Pair[] {
  const policy = event.auth?.policy ?? null;
  return [
    ['usrName', cut(whoOf(event), 1023)],
    ['accountName', String(userOf(event)['uid'])],
    ['tenant', event.tenant],
    ['chain', event.sid],
    ['previousSha256', event.prev],
    ['producer', event.prod.id],
    ...(policy === null ? [] : ([['policy', String(policy)]] satisfies Pair[])),
    ...(event.on === null ? [] : ([['resource', event.on.target], ['resourceKind', event.on.kind], ['environment', event.on.env]] satisfies Pair[])),
    ['data', cut(JSON.stringify(shareableData(event.d)), 4000)],
  ];
}

function headerText(value: string): string {
  return withoutControls(value).replaceAll('|', '/');
}

