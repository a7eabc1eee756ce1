import { parseArgs } from 'node:util';
import { packFacts, reportText, type PackReport, type Report } from '@sallyport/engine-evidence';
import { checkConsistency, checkLog, checkPack, checkProof, checkSession, VerifierUsageError, witnessesOf } from './offline.ts';

// The whole of `verify.mjs`: what an examiner runs who has none of our software. Node 20.12 or later, one file. Only `log` uses the network.

const usage = `usage: node verify.mjs pack FILE --key VKEY… [--checkpoint FILE…] [--witnesses N] [--tsa PEM…] [--producer-key VKEY…] [--rotation FILE…] [--json]
       node verify.mjs session FILE [--producer-key VKEY…]
       node verify.mjs proof FILE --event FILE --key VKEY… [--witnesses N] [--rotation FILE…]
       node verify.mjs consistency A B --proof FILE --key VKEY… [--rotation FILE…]
       node verify.mjs log URL|DIRECTORY --follow|--once --state FILE --key VKEY… [--witnesses N] [--rotation FILE…] [--every SECONDS] [--stalled SECONDS] [--json]

VKEY is a line like log.bank.example/prod+1a2b3c4d+AbCd…, or a file with such lines. It must not come from the pack.
PEM is a file with the root certificate of a timestamp authority (RFC 3161): the pack must then have been seen by it.
Exit codes: 0 ok · 20 tampered · 21 incomplete · 22 untrusted key · 2 wrong use`;

const options = {
  key: { type: 'string', multiple: true },
  checkpoint: { type: 'string', multiple: true },
  witnesses: { type: 'string' },
  tsa: { type: 'string', multiple: true },
  'producer-key': { type: 'string', multiple: true },
  rotation: { type: 'string', multiple: true },
  follow: { type: 'boolean' },
  once: { type: 'boolean' },
  state: { type: 'string' },
  every: { type: 'string' },
  stalled: { type: 'string' },
  event: { type: 'string' },
  proof: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [command, ...files] = positionals;
  if (values.help === true) {
    console.log(usage);
    return 0;
  }
  const [where, ...rest] = files;
  if (command === 'log' && where !== undefined && rest.length === 0 && (values.follow === true) !== (values.once === true)) {
    const { key = [], rotation = [], witnesses, state, every, stalled } = values;
    return checkLog({ where, keys: key, rotations: rotation, witnesses: witnessesOf(witnesses), state, every, stalled, once: values.once === true, json: values.json === true }, process.env, (text) => console.log(text));
  }
  const report = await run(command, files, values);
  console.log(values.json === true ? JSON.stringify(report, null, 2) : [...facts(report), reportText(report)].join('\n'));
  return report.exitCode;
}

interface Values {
  readonly key?: string[] | undefined;
  readonly checkpoint?: string[] | undefined;
  readonly witnesses?: string | undefined;
  readonly tsa?: string[] | undefined;
  readonly 'producer-key'?: string[] | undefined;
  readonly rotation?: string[] | undefined;
  readonly event?: string | undefined;
  readonly proof?: string | undefined;
}

function run(command: string | undefined, files: readonly string[], { key = [], checkpoint = [], tsa = [], 'producer-key': producers = [], rotation: rotations = [], witnesses, event, proof }: Values): Promise<Report | PackReport> {
  const [a, b, ...more] = files;
  const only = b === undefined;
  if (command === 'pack' && a !== undefined && only) return checkPack(a, { keys: key, checkpoints: checkpoint, witnesses: witnessesOf(witnesses), authorities: tsa, producers, rotations });
  if (command === 'session' && a !== undefined && only) return checkSession(a, producers);
  if (command === 'proof' && a !== undefined && only && event !== undefined) return checkProof(a, event, key, witnessesOf(witnesses), rotations);
  if (command === 'consistency' && a !== undefined && b !== undefined && more.length === 0 && proof !== undefined) return checkConsistency(a, b, proof, key, rotations);
  throw new VerifierUsageError(usage);
}

function facts(report: Report | PackReport): string[] {
  return 'manifest' in report && report.manifest !== null ? packFacts(report.manifest).map(([name, value]) => `${name.padEnd(11)} ${value}`) : [];
}

try {
  process.exitCode = await main();
} catch (error) {
  const wrongUse = error instanceof VerifierUsageError || (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'));
  if (!wrongUse) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
