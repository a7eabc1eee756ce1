import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { opened, type Envelope } from '@sallyport/domain-events';
import type { World } from './world.ts';

/** One stored event, parsed. */
export interface StoredEvent {
  readonly id: string;
  readonly type: string;
  readonly sid: string;
  readonly seq: number;
  readonly who: { readonly id: string } | null;
  readonly auth: { readonly approval: string | null } | null;
  readonly d: Readonly<Record<string, unknown>>;
}

/** Every event of the ledger (or of one session), as an auditor gets them from the API. */
export async function events(world: World, session: string | null = null): Promise<StoredEvent[]> {
  const token = await world.issuer.token({ sub: 'carl' });
  const found: StoredEvent[] = [];
  let after: number | null = null;
  do {
    const query = new URLSearchParams({ limit: '2000', ...(session === null ? {} : { session }), ...(after === null ? {} : { after: String(after) }) });
    const page: { events: { bytes: string; openings: string[] }[]; next: number | null } = JSON.parse(await get(world, `/v1/evidence/events?${query}`, token));
    for (const { bytes, openings } of page.events) {
      const stored: Envelope = JSON.parse(Buffer.from(bytes, 'base64').toString('utf8'));
      const { event } = opened(stored, openings);
      found.push({ ...event, d: { ...event.d } });
    }
    after = page.next;
  } while (after !== null);
  return found;
}

/** Asks until the ledger has what the condition wants: events arrive a moment after the client has its answer. */
export async function eventually(world: World, wanted: (found: readonly StoredEvent[]) => boolean, session: string | null = null): Promise<StoredEvent[]> {
  const until = Date.now() + 10_000;
  for (;;) {
    const found = await events(world, session);
    if (wanted(found)) return found;
    if (Date.now() > until) throw new Error(`the ledger does not have it after 10 s; it has ${found.map(({ type }) => type).join(', ')}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

export interface SessionRow {
  readonly id: string;
  readonly machine: string;
  readonly target: string;
  readonly end: string | null;
  readonly closed: string | null;
}

export async function openSessions(world: World, machine: string): Promise<SessionRow[]> {
  const { out } = await world.cli('oscar', 'sessions', 'list', '--machine', machine, '--open', '-o', 'json');
  const answer: { sessions: SessionRow[] } = JSON.parse(out);
  return answer.sessions;
}

export interface ApprovalRow {
  readonly id: string;
  readonly state: string;
  readonly session: string;
  readonly text: string | null;
}

export async function approvals(world: World, state: string): Promise<ApprovalRow[]> {
  const { out } = await world.cli('bob', 'approvals', 'list', '--state', state, '-o', 'json');
  const answer: { approvals: ApprovalRow[] } = JSON.parse(out);
  return answer.approvals;
}

function get(world: World, path: string, token: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${world.stack.env['SALLYPORT_API'] ?? ''}${path}`, { ca: readFileSync(world.stack.tls.ca), headers: { authorization: `Bearer ${token}` } }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (part: string) => (text += part)).once('end', () => (incoming.statusCode === 200 ? resolve(text) : reject(new Error(`status ${incoming.statusCode}: ${text}`))));
    });
    outgoing.once('error', reject).end();
  });
}
