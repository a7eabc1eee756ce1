import type { Severity } from '../described.ts';
import type { EventRecord } from '../read-record.ts';
import { logName, type Settings } from '../settings.ts';
import { withoutControls } from './without-controls.ts';

/**
 * One syslog message of RFC 5424. Facility and severity make PRI; the time is the producer's, with six digits; structured data name the
 * event, so that a receiver that reads nothing else can still look it up, find gaps (leaf) and know repeats (id).
 *
 * BOM (section 6.4): a MSG in UTF-8 begins with it. A MSG of ASCII alone needs none and gets none (MSG-ANY), since many receivers keep
 * it in the text and then do not know their CEF; JSON is therefore written in ASCII, which is the same JSON.
 */
export function syslog(record: EventRecord, settings: Settings, msg: string): string {
  const { event, says, stored } = record;
  const pri = settings.facility * 8 + syslogSeverity[says.severity];
  const time = event?.t.wall ?? new Date(stored.receivedAt).toISOString();
  const header = `<${pri}>1 ${time} ${word(settings.host, 255)} sallyport ${word(event?.prod.id ?? '', 128)} ${word(record.type, 32)}`;
  return `${header} ${structured(record, settings)} ${ascii.test(msg) ? msg : `${bom}${msg}`}`;
}

/** JSON with every character outside of ASCII as its `\u` escape. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const bom = '\ufeff';
const ascii = /^[\x20-\x7e\t]*$/;
/** RFC 5424 6.2.1: 2 critical, 3 error, 4 warning, 5 notice, 6 informational. */
const syslogSeverity: Readonly<Record<Severity, number>> = { informational: 6, low: 5, medium: 4, high: 3, critical: 2 };

function structured(record: EventRecord, settings: Settings): string {
  const { event, stored } = record;
  const members: readonly (readonly [string, string | null])[] = [
    ['id', record.id],
    ['leaf', record.leaf === null ? null : String(record.leaf)],
    ['sha256', record.sha256],
    ['log', logName(settings, record)],
    ['tenant', record.tenant],
    ['chain', event?.sid ?? null],
    ['seq', event === null ? null : String(event.seq)],
    ['prev', event?.prev ?? null],
    ['who', event?.who?.npid ?? event?.who?.id ?? null],
    ['checkpoint', stored.proof === undefined ? null : `${stored.proof.origin} ${stored.proof.size} ${stored.proof.root}`],
  ];
  return `[sallyport@${settings.enterprise}${members.map(([name, value]) => (value === null ? '' : ` ${name}="${paramValue(value)}"`)).join('')}]`;
}

/** RFC 5424 6.3.3: `"`, `\` and `]` are escaped with `\`. Control characters become blanks, so that nobody writes lines into another's log. */
function paramValue(value: string): string {
  return withoutControls(value).replace(/["\\\]]/g, '\\$&');
}

/** A header field: printable ASCII without blanks, bounded, `-` for none. */
function word(value: string, most: number): string {
  return value.replace(/[^\x21-\x7e]/g, '_').slice(0, most) || '-';
}
