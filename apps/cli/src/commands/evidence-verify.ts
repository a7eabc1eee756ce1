import { Command } from 'commander';
import { packFacts, type Report } from '@sallyport/engine-evidence';
import { does, type Context } from '../context.ts';
import type { ExitCode } from '../exit.ts';
import { painted } from '../output/verification.ts';
import { checkConsistency, checkPack, checkProof, checkSession, witnessesOf } from '../verifier/offline.ts';
import { live, verifyDb } from './evidence-verify-db.ts';
import { collect, keyed, text, texts, usable } from './verify-options.ts';

/** `verify` alone is `verify db`: what it was before there was anything else to verify. */
export function verifyCommand(): Command {
  const root = live(new Command('verify').description('check evidence on this machine: the live ledger (as `db`), or files, which needs no network'));
  return root.addCommand(verifyDb()).addCommand(pack()).addCommand(session()).addCommand(proof()).addCommand(consistency());
}

const pack = () =>
  does(
    keyed(new Command('pack').description('an examiner pack: archive, signature, checkpoints, every leaf, chains, counters').argument('<file>'))
      .option('--checkpoint <file>', 'a checkpoint that you kept from earlier; may be repeated', collect, [])
      .option('--tsa <file>', 'PEM file with the root of a timestamp authority that must have seen the newer checkpoint; may be repeated', collect, [])
      .option('--witnesses <n>', 'how many of the witnesses among the keys must have cosigned'),
    async ({ out }, [file = ''], options) => {
      const report = await usable(() => checkPack(file, { keys: texts(options['key']), checkpoints: texts(options['checkpoint']), witnesses: witnessesOf(text(options['witnesses'])), authorities: texts(options['tsa']) }));
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

async function shown(out: Context['out'], check: () => Promise<Report>): Promise<ExitCode> {
  const report = await usable(check);
  out.show(report, () => painted(report, out));
  return report.exitCode;
}
