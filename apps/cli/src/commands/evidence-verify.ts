import { Command } from 'commander';
import { packFacts, type Report } from '@sallyport/engine-evidence';
import { does, type Context } from '../context.ts';
import type { ExitCode } from '../exit.ts';
import { Failure } from '../failure.ts';
import { painted } from '../output/verification.ts';
import { checkConsistency, checkLog, checkPack, checkProof, checkSession, witnessesOf } from '../verifier/offline.ts';
import { live, verifyDb } from './evidence-verify-db.ts';
import { collect, keyed, text, texts, usable } from './verify-options.ts';

/** `verify` alone is `verify db`: what it was before there was anything else to verify. */
export function verifyCommand(): Command {
  const root = live(new Command('verify').description('check evidence on this machine: the live ledger (as `db`), or files, which needs no network'));
  return root.addCommand(verifyDb()).addCommand(pack()).addCommand(session()).addCommand(proof()).addCommand(consistency()).addCommand(log());
}

const pack = () =>
  does(
    pinned(followed(keyed(new Command('pack').description('an examiner pack: archive, signature, checkpoints, every leaf, chains, counters').argument('<file>'))))
      .option('--checkpoint <file>', 'a checkpoint that you kept from earlier; may be repeated', collect, [])
      .option('--tsa <file>', 'PEM file with the root of a timestamp authority that must have seen the newer checkpoint; may be repeated', collect, [])
      .option('--witnesses <n>', 'how many of the witnesses among the keys must have cosigned'),
    async ({ out }, [file = ''], options) => {
      const report = await usable(() => checkPack(file, { keys: texts(options['key']), checkpoints: texts(options['checkpoint']), witnesses: witnessesOf(text(options['witnesses'])), authorities: texts(options['tsa']), producers: texts(options['producerKey']), rotations: texts(options['rotation']) }));
      out.show(report, () => [...(report.manifest === null ? [] : packFacts(report.manifest).map(([name, value]) => `${name.padEnd(11)} ${value}`)), painted(report, out)].join('\n'));
      return report.exitCode;
    },
  );

const session = () => does(pinned(new Command('session').description('a file with the events of a session, one a line: chain, order, end').argument('<file>')), ({ out }, [file = ''], options) => shown(out, () => checkSession(file, texts(options['producerKey']))));

const proof = () =>
  does(
    followed(keyed(new Command('proof').description('that an event is in the log: a .tlog-proof file').argument('<file>')))
      .requiredOption('--event <file>', 'the event’s stored bytes, exactly')
      .option('--witnesses <n>', 'how many of the witnesses among the keys must have cosigned'),
    ({ out }, [file = ''], options) => shown(out, () => checkProof(file, text(options['event']) ?? '', texts(options['key']), witnessesOf(text(options['witnesses'])), texts(options['rotation']))),
  );

const consistency = () =>
  does(
    followed(keyed(new Command('consistency').description('that the log of one checkpoint is the beginning of the other’s').argument('<a>').argument('<b>'))).requiredOption('--proof <file>', 'a consistency proof, one hash a line'),
    ({ out }, [a = '', b = ''], options) => shown(out, () => checkConsistency(a, b, text(options['proof']) ?? '', texts(options['key']), texts(options['rotation']))),
  );

const log = () =>
  does(
    followed(keyed(new Command('log').description('a log as it grows: that each checkpoint continues the last one that was seen here').argument('<where>', 'URL of a console, or a directory of tiles')))
      .option('--follow', 'until it is stopped, or something is wrong')
      .option('--once', 'one step, for cron')
      .requiredOption('--state <file>', 'remembers the log from run to run')
      .option('--witnesses <n>', 'how many of the witnesses among the keys must have cosigned')
      .option('--every <seconds>', 'between two steps (default 30)')
      .option('--stalled <seconds>', 'a log that has not grown for so long is called stalled (default 300)'),
    async ({ env }, [where = ''], options) => {
      if ((options['follow'] === true) === (options['once'] === true)) throw new Failure('usage', 'either --follow or --once');
      const order = {
        where, keys: texts(options['key']), rotations: texts(options['rotation']), witnesses: witnessesOf(text(options['witnesses'])), state: text(options['state']), every: text(options['every']),
        stalled: text(options['stalled']), once: options['once'] === true, json: options['output'] === 'json',
      };
      return usable(() => checkLog(order, env, (line) => void process.stdout.write(`${line}\n`)));
    },
  );

const pinned = (command: Command): Command => command.option('--producer-key <vkey>', 'the instance key of a gateway that you know, or a file with such lines; may be repeated', collect, []);
const followed = (command: Command): Command => command.option('--rotation <file>', 'a statement that a key of the log follows another; may be repeated', collect, []);

async function shown(out: Context['out'], check: () => Promise<Report>): Promise<ExitCode> {
  const report = await usable(check);
  out.show(report, () => painted(report, out));
  return report.exitCode;
}
