import { Command } from 'commander';
import { exitCode, packFacts, reportText, Verifier, type Report, type Verification } from '@sallyport/engine-evidence';
import { z } from 'zod';
import type { Api } from '../api.ts';
import { does, type Context } from '../context.ts';
import { exit, type ExitCode } from '../exit.ts';
import { Failure } from '../failure.ts';
import { verificationText } from '../output/verification.ts';
import { query } from '../query.ts';
import { eventPage } from '../shapes.ts';
import { checkConsistency, checkPack, checkProof, checkSession, VerifierUsageError, witnessesOf } from '../verifier/offline.ts';

/** `verify` alone is `verify db`: what it was before there was anything else to verify. */
export function verifyCommand(): Command {
  const root = live(new Command('verify').description('check evidence on this machine: the live ledger (as `db`), or files, which needs no network'));
  return root.addCommand(live(new Command('db').description('chains, counters and gaps of the live ledger, or of one session'))).addCommand(pack()).addCommand(session()).addCommand(proof()).addCommand(consistency());
}

const pack = () =>
  does(
    keyed(new Command('pack').description('an examiner pack: archive, signature, checkpoints, every leaf, chains, counters').argument('<file>'))
      .option('--checkpoint <file>', 'a checkpoint that you kept from earlier; may be repeated', collect, [])
      .option('--witnesses <n>', 'how many of the witnesses among the keys must have cosigned'),
    async ({ out }, [file = ''], options) => {
      const report = await usable(() => checkPack(file, { keys: texts(options['key']), checkpoints: texts(options['checkpoint']), witnesses: witnessesOf(text(options['witnesses'])) }));
      out.show(report, () => [...(report.manifest === null ? [] : packFacts(report.manifest).map(([name, value]) => `${name.padEnd(11)} ${value}`)), painted(report, out)].join('\n'));
      return report.exitCode;
    },
  );

const session = () => does(new Command('session').description('a file with the events of a session, one a line: chain, order, end').argument('<file>'), ({ out }, [file = '']) => shown(out, () => checkSession(file)));

const proof = () =>
  does(
    keyed(new Command('proof').description('that an event is in the log: a .tlog-proof file').argument('<file>'))
      .requiredOption('--event <file>', 'the event’s stored bytes, exactly')
      .option('--witnesses <n>', 'how many of the witnesses among the keys must have cosigned'),
    ({ out }, [file = ''], options) => shown(out, () => checkProof(file, text(options['event']) ?? '', texts(options['key']), witnessesOf(text(options['witnesses'])))),
  );

const consistency = () =>
  does(
    keyed(new Command('consistency').description('that the log of one checkpoint is the beginning of the other’s').argument('<a>').argument('<b>')).requiredOption('--proof <file>', 'a consistency proof, one hash a line'),
    ({ out }, [a = '', b = ''], options) => shown(out, () => checkConsistency(a, b, text(options['proof']) ?? '', texts(options['key']))),
  );

function keyed(command: Command): Command {
  return command.option('--key <vkey>', 'a key that you trust, or a file with such lines; may be repeated. Not from the pack', collect, []);
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []);
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

async function shown(out: Context['out'], check: () => Promise<Report>): Promise<ExitCode> {
  const report = await usable(check);
  out.show(report, () => painted(report, out));
  return report.exitCode;
}

function painted(report: Report, out: Context['out']): string {
  const [first = '', ...rest] = reportText(report).split('\n');
  return [out.paint(report.verdict === 'ok' ? 'good' : 'bad', first), ...rest].join('\n');
}

async function usable<T>(check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof VerifierUsageError) throw new Failure('usage', error.message);
    throw error;
  }
}

/** Events that one request asks for. */
const pageSize = 2000;

/**
 * The stored bytes are fetched as they are and checked here: the service that stores them is not asked whether they are right.
 * What this cannot see is said in the answer: well-formed events added at the very end, by somebody who can write the store.
 */
const live = (command: Command) =>
  does(command.option('--session <id>', 'only this session'), async ({ out, api }, _args, options) => {
    const session = typeof options['session'] === 'string' ? options['session'] : null;
    const verifier = new Verifier(session === null ? 'ledger' : 'session');
    await feed(api(), session, verifier);
    const result = verifier.finish();
    const code = exitOf(result, session);
    out.show({ scope: session === null ? 'ledger' : 'session', session, exitCode: code, ...result }, () => verificationText(result, session, out));
    return code;
  });

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
