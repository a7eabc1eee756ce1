import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { parseScope, ScopeError, type Scope } from '@sallyport/engine-examiner';
import { does } from '../context.ts';
import { exit } from '../exit.ts';
import { Failure } from '../failure.ts';
import { packText } from '../output/pack.ts';
import { consoleSource } from '../pack/console-source.ts';
import { parseWithhold } from '../pack/withhold.ts';
import { version } from '../version.ts';

/** Decisions in the sample of EP-10. */
const sampleSize = 25;

export const evidencePack = () =>
  does(
    new Command('pack')
      .description('make an examiner pack: the evidence of a period with its proofs, the controls, and a summary as PDF')
      .requiredOption('--from <moment>', 'beginning of the period, like 2026-11-01 or 2026-11-01T08:00:00Z')
      .requiredOption('--to <moment>', 'end of the period, not included')
      .option('--scope <scope>', 'all, or machine=NAME, target=NAME, environment=NAME joined by commas; what is outside is in the pack as hashes', 'all')
      .option('--seed <text>', 'seed of the sample; the examiner names it (default: the root of the checkpoint)')
      .option('--sample <n>', 'decisions in the sample', String(sampleSize))
      .option('--withhold <field=reason>', 'do not open a field: person, address, claims, words, or a field like d.by; may be repeated', (one: string, all: string[]) => [...all, one], [])
      .requiredOption('--out <file>', 'file to write; it must not exist yet'),
    async ({ out, api }, _args, options) => {
      const period = { from: moment(options['from'], '--from'), to: moment(options['to'], '--to') };
      if (period.from >= period.to) throw new Failure('usage', '--from is not before --to');
      const scope = scopeOf(String(options['scope']));
      const sample = Number(options['sample']);
      if (!Number.isInteger(sample) || sample < 1 || sample > 10_000) throw new Failure('usage', '--sample is a number from 1 to 10000');
      const withhold = (Array.isArray(options['withhold']) ? options['withhold'] : []).map((one) => parseWithhold(String(one)));
      const seed = typeof options['seed'] === 'string' ? options['seed'] : null;
      const file = String(options['out']);
      // Before the export is recorded, not after.
      if (existsSync(file)) throw new Failure('usage', `${file} is there already`, 'a pack is never written over: name another file');
      // The printer takes a quarter of a second to load: only those who print wait for it.
      const { makePack } = await import('../pack/make-pack.ts');
      const made = await makePack(consoleSource(api()), { period, scope, seed, sample, withhold, generator: { name: 'sallyport', version }, madeAt: short(new Date()) });
      await write(file, made.bytes);
      const { results, report, leaves, origin, size, key } = made;
      const controls = results.map(({ control, state, reason, result, exceptions }) => ({ id: control.id, state, reason, rows: result.rows.length, exceptions: exceptions.rows.length }));
      out.show({ file, origin, size, key, leaves, verdict: report.verdict, exitCode: report.exitCode, faults: report.faults, controls }, () => packText({ results, report, leaves, origin, size, key }, file, out));
      return report.verdict === 'ok' ? exit.ok : report.exitCode;
    },
  );

function moment(given: unknown, option: string): string {
  const text = typeof given === 'string' ? given : '';
  const at = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?Z)?$/.test(text) ? new Date(text) : null;
  if (at === null || Number.isNaN(at.getTime())) throw new Failure('usage', `${option} is not a moment`, 'write a day, or a moment in UTC that ends in Z: 2026-11-01, 2026-11-01T08:00:00Z');
  return short(at);
}

/** RFC 3339 in UTC; whole seconds as such, so that text order is time order among them. */
const short = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`;

function scopeOf(written: string): Scope {
  try {
    return parseScope(written);
  } catch (error) {
    if (error instanceof ScopeError) throw new Failure('usage', error.message);
    throw error;
  }
}

/** A pack that is there is never written over: it may have been handed out. */
async function write(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(file, bytes, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    throw new Failure('usage', `${file} cannot be written: ${cause instanceof Error && 'code' in cause ? String(cause.code) : 'failed'}`, 'name a file that does not exist yet, in a folder of yours');
  }
}
