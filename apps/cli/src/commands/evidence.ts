import { Command } from 'commander';
import { exitCode, Verifier, type Verification } from '@sallyport/engine-evidence';
import { z } from 'zod';
import type { Api } from '../api.ts';
import { does } from '../context.ts';
import { exit, type ExitCode } from '../exit.ts';
import { verificationText } from '../output/verification.ts';
import { query } from '../query.ts';
import { eventPage } from '../shapes.ts';
import { evidencePack } from './evidence-pack.ts';

export const evidenceCommand = (): Command => new Command('evidence').description('check what was recorded, and hand it out').addCommand(verify()).addCommand(evidencePack());

/** Events that one request asks for. */
const pageSize = 2000;

/**
 * The stored bytes are fetched as they are and checked here: the service that stores them is not asked whether they are right.
 * What this cannot see is said in the answer: well-formed events added at the very end, by somebody who can write the store.
 */
const verify = () =>
  does(
    new Command('verify').description('check chains, counters and gaps of the ledger, or of one session, on this machine').option('--session <id>', 'only this session'),
    async ({ out, api }, _args, options) => {
      const session = typeof options['session'] === 'string' ? options['session'] : null;
      const verifier = new Verifier(session === null ? 'ledger' : 'session');
      await feed(api(), session, verifier);
      const result = verifier.finish();
      const code = exitOf(result, session);
      out.show({ scope: session === null ? 'ledger' : 'session', session, exitCode: code, ...result }, () => verificationText(result, session, out));
      return code;
    },
  );

async function feed(api: Api, session: string | null, verifier: Verifier): Promise<void> {
  let after: number | null = null;
  do {
    const page: z.infer<typeof eventPage> = await api.get(`/v1/evidence/events${query({ session, after, limit: pageSize })}`, eventPage);
    for (const { bytes, sha256 } of page.events) verifier.add({ bytes: Buffer.from(bytes, 'base64'), ...(sha256 === undefined ? {} : { sha256 }) });
    // A cursor that does not move would ask for ever.
    after = page.next !== null && (after === null || page.next > after) ? page.next : null;
  } while (after !== null);
}

/** A session that was asked for and has no events at all is missing, not well. */
function exitOf({ findings, events }: Verification, session: string | null): ExitCode {
  return session !== null && events === 0 ? exit.incomplete : exitCode(findings);
}
