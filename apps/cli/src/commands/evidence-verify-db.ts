import { Command } from 'commander';
import { exitCode, LedgerLog, leafHash, MalformedEventError, parseEnvelope, Verifier, type Report, type Verification } from '@sallyport/engine-evidence';
import type { z } from 'zod';
import type { Api } from '../api.ts';
import { does } from '../context.ts';
import { exit, type ExitCode } from '../exit.ts';
import { Failure } from '../failure.ts';
import { painted, verificationText } from '../output/verification.ts';
import { query } from '../query.ts';
import { checkpoint, eventPage, tile, type Absence } from '../shapes.ts';
import { keptNotes, keysOf, trusting } from '../verifier/offline.ts';
import { collect, keyed, text, texts, usable } from './verify-options.ts';

/** `verify` alone is `verify db` without a key: what it was before there was anything else to verify. */
export const live = (command: Command): Command => does(command.option('--session <id>', 'only this session'), async ({ out, api }, _args, options) => verifyLive(api(), out, { session: text(options['session']) ?? null, log: null }));

export const verifyDb = (): Command =>
  does(
    keyed(new Command('db').description('the live ledger: chains, counters and gaps; with --key also against the log’s checkpoints'))
      .option('--session <id>', 'only this session')
      .option('--checkpoint <file>', 'a checkpoint that was kept outside (by a witness, a SIEM, you), or a folder of them; may be repeated. Without it, the newest that the service shows', collect, []),
    async ({ out, api }, _args, options) => {
      const session = text(options['session']) ?? null;
      const [keys, kept] = [texts(options['key']), texts(options['checkpoint'])];
      if (keys.length === 0 && kept.length > 0) throw new Failure('usage', '--checkpoint needs --key: a checkpoint that nobody vouches for says nothing');
      if (session !== null && keys.length > 0) throw new Failure('usage', 'a checkpoint covers the whole ledger: leave out --session, or ask for a proof of one event (verify proof)');
      const log = keys.length === 0 ? null : await usable(async () => {
        const trusted = await keysOf(keys);
        const notes = kept.length > 0 ? await keptNotes(kept) : [await shownBy(api())];
        return trusting(() => new LedgerLog(notes, trusted));
      });
      return verifyLive(api(), out, { session, log });
    },
  );

/** Events that one request asks for. */
const pageSize = 2000;
const tileWidth = 256;

/**
 * The stored bytes are fetched as they are and checked here: the service that stores them is not asked whether they are right.
 * What this cannot see without checkpoints is said in the answer: well-formed events added at the very end, by somebody who can write the store.
 */
async function verifyLive(api: Api, out: Parameters<typeof verificationText>[2] & { show(json: unknown, text: () => string): void }, { session, log }: { readonly session: string | null; readonly log: LedgerLog | null }): Promise<ExitCode> {
  const verifier = new Verifier(session === null ? 'ledger' : 'session');
  await feed(api, session, verifier, log);
  const result = verifier.finish();
  const report = log?.finish() ?? null;
  const code = worst(exitOf(result, session), report);
  out.show({ scope: session === null ? 'ledger' : 'session', session, exitCode: code, ...result, log: report }, () => [verificationText(result, session, out), ...(report === null ? [] : ['against the log’s checkpoints:', painted(report, out)])].join('\n'));
  return code;
}

async function feed(api: Api, session: string | null, verifier: Verifier, log: LedgerLog | null): Promise<void> {
  let after: number | null = null;
  do {
    const page: z.infer<typeof eventPage> = await api.get(`/v1/evidence/events${query({ session, after, limit: pageSize })}`, eventPage);
    for (const item of inOrder(page, session)) {
      if ('absent' in item) {
        verifier.absent(item.absent);
        if (log !== null) for await (const { leaf, hash } of hashesOf(api, item.absent)) log.add(leaf, hash, null);
        continue;
      }
      const event = Buffer.from(item.event.bytes, 'base64');
      verifier.add({ bytes: event, ...(item.event.sha256 === undefined ? {} : { sha256: item.event.sha256 }) });
      log?.add(item.event.at - 1, leafHash(event), written(event));
    }
    // A cursor that does not move would ask for ever.
    after = page.next !== null && (after === null || page.next > after) ? page.next : null;
  } while (after !== null);
}

/** Events of a page and what is absent between them, in their order; of the ledger by leaves, of one session by numbers. */
function inOrder({ events, absent }: z.infer<typeof eventPage>, session: string | null): readonly ({ readonly event: z.infer<typeof eventPage>['events'][number] } | { readonly absent: Absence })[] {
  if (session !== null) return [...absent.map((run) => ({ absent: run })), ...events.map((event) => ({ event }))];
  const runs = absent.map(({ from, to, pruned }) => ({ at: from, item: { absent: { from: from - 1, to: to - 1, pruned } } }));
  return [...runs, ...events.map((event) => ({ at: event.at, item: { event } }))].sort((a, b) => a.at - b.at).map(({ item }) => item);
}

/** What the log has of leaves whose events are gone. Nobody's word: they lead to the root of a signed checkpoint, or they do not. */
async function* hashesOf(api: Api, { from, to }: Absence): AsyncGenerator<{ readonly leaf: number; readonly hash: Uint8Array }> {
  for (let leaf = from; leaf < to; ) {
    const index = Math.floor(leaf / tileWidth);
    const width = Math.min(tileWidth, to - index * tileWidth);
    const bytes = Buffer.from((await api.get(`/v1/log/tile${query({ level: 0, index, width })}`, tile)).hashes, 'base64');
    for (; leaf < index * tileWidth + width; leaf++) yield { leaf, hash: bytes.subarray((leaf % tileWidth) * 32, (leaf % tileWidth) * 32 + 32) };
  }
}

function written(event: Uint8Array): string | null {
  try {
    return parseEnvelope(event).t.wall;
  } catch (error) {
    if (error instanceof MalformedEventError) return null;
    throw error;
  }
}

async function shownBy(api: Api): Promise<{ readonly name: string; readonly bytes: Uint8Array }> {
  const { note } = await api.get('/v1/log/checkpoint', checkpoint);
  return { name: 'the checkpoint that the service shows', bytes: new TextEncoder().encode(note) };
}

/** A session that was asked for and has no events at all is missing, not well. */
function exitOf({ findings, events }: Verification, session: string | null): ExitCode {
  return session !== null && events === 0 ? exit.incomplete : exitCode(findings);
}

/** Tampered goes before untrusted before incomplete. */
function worst(chains: ExitCode, report: Report | null): ExitCode {
  const both = [chains, report?.exitCode ?? exit.ok];
  return ([20, 22, 21] as const).find((code) => both.includes(code)) ?? exit.ok;
}
