import { Controller } from '@nestjs/common';
import { evidenceEvents, evidenceFollow, evidenceNote, evidenceReplay, evidenceSessions, fail, Handles, ok, type Caller, type Reply } from '@sallyport/platform-bus';
import { z } from 'zod';
import { MalformedEventError, parseEnvelope } from '@sallyport/engine-evidence';
import { entitledTo, openingsOf } from '../model/openings.ts';
import { replay } from '../model/replay.ts';
import { missingOf } from '../store/absences.ts';
import { readEvents, readSession } from '../store/reading.ts';
import { readSessions } from '../store/session-list.ts';
import type { RetentionDatabase } from '../retention/database.ts';
import { SessionKeys } from '../retention/session-keys.ts';
import { ReaderKey } from './reader-key.ts';
import { Reads } from './reads.ts';

type Request<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answer<C extends { value: z.ZodType }> = Promise<Reply<z.output<C['value']>>>;

const readers = ['auditor', 'operator', 'admin'];
/** Bytes of a session's events and ciphertexts that one replay may hold; the bus takes 8 MiB of base64. */
const replayBytes = 3 * 1024 ** 2;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const notes = {
  'operator.acted': z.strictObject({ action: z.string(), object: z.string(), ok: z.boolean(), code: z.string().nullable() }),
  'evidence.read': z.strictObject({ what: z.string(), filter: z.string(), count: z.int() }),
  'service.started': z.strictObject({ service: z.string(), version: z.string(), node: z.string() }),
  'service.stopped': z.strictObject({ service: z.string(), why: z.string() }),
};

/** What people ask of the ledger through the console. Every answer is recorded before it is given, a refused one too. */
@Controller()
export class EvidenceController {
  constructor(
    private readonly reads: Reads,
    private readonly reader: ReaderKey,
    private readonly sessionKeys: SessionKeys,
  ) {}

  @Handles(evidenceSessions)
  async sessions({ by, ...asked }: Request<typeof evidenceSessions>): Answer<typeof evidenceSessions> {
    if (!has(by, readers)) return this.refused(by, 'evidence.sessions', '', 'denied', 'reading the ledger needs the role auditor, operator or admin');
    if (asked.before !== null && !uuid.test(asked.before)) return fail('invalid', 'before: expected a session id');
    return this.reads.record(by, 'sessions', asked, async (trx) => {
      const value = await readSessions(trx, asked);
      return { count: value.sessions.length, value };
    });
  }

  @Handles(evidenceEvents)
  async events({ by, ...asked }: Request<typeof evidenceEvents>): Answer<typeof evidenceEvents> {
    if (!has(by, readers)) return this.refused(by, 'evidence.events', asked.session ?? '', 'denied', 'reading the ledger needs the role auditor, operator or admin');
    if (asked.session !== null && !uuid.test(asked.session)) return fail('invalid', 'session: expected a session id');
    return this.reads.record(by, 'events', asked, async (trx) => {
      const page = await readEvents(trx, asked, (bytes, boxes) => openingsOf(bytes, boxes, { reader: this.reader.key, dayKeyOf: this.sessionKeys.dayKeyOf }, entitledTo(by.roles)));
      return { count: page.events.length, value: page };
    });
  }

  /** Statement texts and parameters in the clear: for auditors only, whatever other roles somebody has. */
  @Handles(evidenceReplay)
  async replay({ by, session }: Request<typeof evidenceReplay>): Answer<typeof evidenceReplay> {
    if (!has(by, ['auditor'])) return this.refused(by, 'evidence.replay', session, 'denied', 'a replay shows statement texts: it needs the role auditor');
    if (!uuid.test(session)) return fail('invalid', 'session: expected a session id');
    try {
      return await this.reads.record(by, 'replay', { session }, async (trx) => {
        const stored = await readSession(trx, session, replayBytes);
        if (stored === null) return fail('too-large', 'the session is too large to be replayed at once: read its events in pages');
        if (stored.length === 0) return (await missingOf(trx.withTables<RetentionDatabase>(), session, -1, null)).some(({ pruned }) => pruned) ? fail('purged', 'the events of this session were purged: their retention was over') : fail('not-found', 'there is no such session');
        const { keys, unreadable } = await this.sessionKeys.of(trx.withTables<RetentionDatabase>(), stored.map(({ bytes }) => parseEnvelope(bytes)));
        return { count: stored.length, value: { events: replay(stored, this.reader.key, keys), unreadable } };
      });
    } catch (error) {
      if (error instanceof MalformedEventError) return fail('tampered', 'an event of this session is not what was written: verify it');
      throw error;
    }
  }

  /** For the sinks, which are told apart by their right to ask. Not recorded: the read would be a leaf to read. */
  @Handles(evidenceFollow)
  async follow({ from, limit }: Request<typeof evidenceFollow>): Answer<typeof evidenceFollow> {
    return ok(await this.reads.follow(from, limit));
  }

  /** The console tells what somebody did there, and of itself. */
  @Handles(evidenceNote)
  async note({ by, type, data }: Request<typeof evidenceNote>): Answer<typeof evidenceNote> {
    const parsed = notes[type].safeParse(data);
    if (!parsed.success) return fail('invalid', `data: does not fit ${type}`);
    await this.reads.note(by, type, parsed.data);
    return ok({});
  }

  private async refused(by: Caller, action: string, object: string, code: string, say: string): Promise<Reply<never>> {
    await this.reads.note(by, 'operator.acted', { action, object: object.slice(0, 64), ok: false, code });
    return fail(code, say);
  }
}

const has = (by: Caller, roles: readonly string[]): boolean => by.roles.some((role) => roles.includes(role));
