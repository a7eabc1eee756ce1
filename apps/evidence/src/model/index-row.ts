import type { Envelope } from '@sallyport/domain-events';

/** What lists need of an event. Taken from data that nobody has checked: everything that does not fit is left out. */
export interface IndexRow {
  readonly commands: number;
  readonly denied: number;
  readonly held: number;
  readonly rows: number;
  readonly bytes: number;
  readonly state: SessionState | null;
}

/** A session's coming or going, as the function `append` takes it. */
export interface SessionState {
  readonly sid: string;
  readonly state: 'open' | 'closed' | 'refused' | 'abandoned';
  readonly opened?: string;
  readonly closed?: string;
  readonly ended?: string;
  readonly machine?: string;
  readonly target?: string;
  readonly protocol?: string;
  readonly abandoned_seq?: number;
}

const nothing: IndexRow = { commands: 0, denied: 0, held: 0, rows: 0, bytes: 0, state: null };

export function indexRow(event: Envelope): IndexRow {
  const d: Readonly<Record<string, unknown>> = { ...event.d };
  switch (event.type) {
    case 'command.decided':
      return { ...nothing, commands: 1, denied: d['decision'] === 'deny' ? 1 : 0, held: d['decision'] === 'hold' ? 1 : 0 };
    case 'command.settled':
      return settled(d['results']);
    case 'session.opened':
      return { ...nothing, state: { sid: event.sid, state: 'open', opened: event.t.wall, machine: machine(event), target: words(event.on?.target), protocol: words(d['protocol']) } };
    case 'session.refused':
      return { ...nothing, state: { sid: event.sid, state: 'refused', opened: event.t.wall, closed: event.t.wall, ended: `refused: ${words(d['code'])}`, machine: machine(event), target: words(d['target']), protocol: words(d['protocol']) } };
    case 'session.closed':
      return { ...nothing, state: { sid: event.sid, state: 'closed', closed: event.t.wall, ended: words(d['why']) } };
    case 'session.abandoned':
      return isUuid(d['session']) ? { ...nothing, state: { sid: d['session'], state: 'abandoned', closed: event.t.wall, ended: 'abandoned', abandoned_seq: count(d['last_seq']) } } : nothing;
    default:
      return nothing;
  }
}

function settled(results: unknown): IndexRow {
  let rows = 0;
  let bytes = 0;
  for (const result of Array.isArray(results) ? results : []) {
    if (typeof result !== 'object' || result === null) continue;
    rows += count(Reflect.get(result, 'rows'));
    bytes += count(Reflect.get(result, 'bytes'));
  }
  return { ...nothing, rows: count(rows), bytes: count(bytes) };
}

/** Sums over a batch and a session stay within 64 bits. */
const most = 2 ** 44;
const count = (value: unknown): number => (typeof value === 'number' && value >= 0 ? Math.min(Math.floor(value), most) : 0);

/** Short text without NUL, which the database cannot hold. */
export const words = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 256).replaceAll('\0', '').toWellFormed() : '');

const machine = (event: Envelope): string => words(event.who?.id).replace(/^machine:/, '');
const isUuid = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value);
