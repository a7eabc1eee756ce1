import type { ControlResult } from '@sallyport/engine-examiner';
import type { MadePack } from '../pack/make-pack.ts';
import type { Out } from './out.ts';
import { fields, table } from './table.ts';

/** What was made, control by control, and what the verifier says of it. */
export function packText({ results, report, leaves, origin, size, key }: Omit<MadePack, 'bytes'>, file: string, out: Pick<Out, 'paint'>): string {
  const hidden = leaves.to - leaves.from - leaves.shown;
  const head = fields([
    ['pack', file],
    ['log', `${origin}, ${size} leaves`],
    ['leaves', leaves.to === leaves.from ? 'none in the period' : `${leaves.from} to ${leaves.to - 1}: ${leaves.shown} shown, ${hidden} as hashes only`],
    ['key', key],
  ]);
  const rows = table<ControlResult>(
    [
      { title: 'control', of: ({ control }) => control.id },
      { title: 'title', of: ({ control }) => control.title, gives: 'way' },
      { title: 'state', of: ({ state }) => state },
      { title: 'rows', of: ({ state, result }) => (state === 'no data yet' ? '-' : String(result.rows.length)), align: 'right' },
      { title: 'exceptions', of: ({ state, exceptions }) => (state === 'no data yet' ? '-' : String(exceptions.rows.length)), align: 'right' },
    ],
    results,
  );
  const verdict = report.verdict === 'ok' ? out.paint('good', 'OK: the pack verifies under the key that the console names; whoever receives it should have that key from elsewhere') : out.paint('bad', `${report.verdict.toUpperCase()}: ${report.faults.length} findings, the first: ${report.faults[0]?.say ?? ''}`);
  return [head, '', rows, '', verdict].join('\n');
}
