import { parameterLines, type ShownParameters } from '@sallyport/domain-model';
import { opened } from '@sallyport/domain-events';
import { MalformedEventError, parseEnvelope } from '@sallyport/engine-evidence';
import { z } from 'zod';
import { visible, visibleLine } from './visible.ts';

/** One stored event in base64, with the texts that were opened for it. */
export interface EventLine {
  readonly bytes: string;
  /** Disclosures of what the event conceals. */
  readonly openings: readonly string[];
  readonly texts: readonly { readonly role: string; readonly text: string | null; readonly parameters?: ShownParameters | null | undefined }[];
}

const envelope = z.object({ seq: z.number(), type: z.string(), t: z.object({ wall: z.string() }), d: z.record(z.string(), z.unknown()) });

/** A session as it went: time, type and what matters of each event; the texts below, marked by their role. */
export function eventsText(events: readonly EventLine[], how: 'with-texts' | 'without-texts'): string {
  if (events.length === 0) return 'no events';
  return events.flatMap((event) => [headline(event), ...(how === 'with-texts' ? event.texts.map(textOf) : [])]).join('\n');
}

function headline(event: EventLine): string {
  const parsed = envelope.safeParse(shownEvent(event));
  if (!parsed.success) return '   ?  an event that cannot be read; `sallyport evidence verify` says more';
  const { seq, type, t, d } = parsed.data;
  return `${String(seq).padStart(4)}  ${t.wall.slice(11, 23)}  ${type.padEnd(18)}  ${visibleLine(summary(type, d))}`;
}

/** One line about an event. Types that are not named here show their data as it is. */
function summary(type: string, d: Readonly<Record<string, unknown>>): string {
  const word = (name: string) => (d[name] === null || d[name] === undefined ? '' : typeof d[name] === 'string' ? d[name] : JSON.stringify(d[name]));
  switch (type) {
    case 'session.opened':
      return `${word('protocol')} from ${word('source')}${d['role'] === null ? '' : ` as ${word('role')}`}, policy ${word('policy')}`;
    case 'session.closed':
      return `by ${word('by')}: ${word('why')}; ${word('commands')} commands, ${word('denied')} denied, ${word('held')} held, ${word('rows')} rows`;
    case 'command.decided':
      return `${word('decision').padEnd(5)}  ${word('shape')}${d['say'] === null ? '' : `  — ${word('say')}`}`;
    case 'command.refused':
      return `${word('code')}: ${word('say')}`;
    case 'command.settled':
      return settled(d['results']);
    default:
      return JSON.stringify(d);
  }
}

const results = z.array(z.object({ status: z.string(), rows: z.number(), bytes: z.number(), micros: z.number(), error: z.string().nullable() }));

function settled(value: unknown): string {
  const parsed = results.safeParse(value);
  if (!parsed.success) return JSON.stringify(value);
  return parsed.data.map(({ status, rows, bytes, micros, error }) => `${status}${error === null ? '' : ` ${error}`}, ${rows} rows, ${bytes} bytes, ${(micros / 1000).toFixed(1)} ms`).join('; ');
}

function textOf({ role, text, parameters }: EventLine['texts'][number]): string {
  if (role === 'recording' && text !== null) return `      ${role}│ ${Math.floor((text.length - 'base64:'.length) * 0.75)} bytes: see them with --play`;
  const lines = text === null ? ['(cannot be opened)'] : parameters ? parameterLines(parameters).map(visibleLine) : visible(text).split('\n');
  return lines.map((line, i) => `      ${(i === 0 ? role : '').padEnd(8)}│ ${line}`).join('\n');
}

/** The event as whoever asked may see it; null when it cannot be read. */
export function shownEvent({ bytes, openings }: Pick<EventLine, 'bytes' | 'openings'>): unknown {
  try {
    return opened(parseEnvelope(Buffer.from(bytes, 'base64')), openings).event;
  } catch (error) {
    if (error instanceof MalformedEventError) return null;
    throw error;
  }
}
