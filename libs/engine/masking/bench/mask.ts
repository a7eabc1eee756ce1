/**
 * Megabytes of result rows per CPU-second through the masker, the replacement of hits included (not only finding them).
 *
 *     node --conditions=@sallyport/source libs/engine/masking/bench/mask.ts [megabytes] [rounds]
 */
import type { CellMask, ColumnTag, MaskAction, MaskPlan } from '@sallyport/domain-model';
import { detectorNames } from '@sallyport/domain-model';
import { createMasker } from '../src/index.ts';
import { type RowSet, chunks, crm, plain } from './rows.ts';

const megabytes = Number(process.argv[2] ?? 100);
const rounds = Number(process.argv[3] ?? 3);
const key = Buffer.alloc(32, 7);
const say = (line: string) => process.stdout.write(`${line}\n`);

/** Walks every DataRow and hands each cell that has a mask to it; what comes back is counted and dropped. */
function walk(chunk: Buffer, cells: readonly (CellMask | null)[]): number {
  let changed = 0;
  for (let at = 0; at < chunk.length; ) {
    const fields = chunk.readInt16BE(at + 5);
    at += 7;
    for (let field = 0; field < fields; field++) {
      const length = chunk.readInt32BE(at);
      at += 4;
      if (length < 0) continue;
      const mask = cells[field];
      if (mask && mask(chunk, at, at + length) !== undefined) changed++;
      at += length;
    }
  }
  return changed;
}

function bound(set: RowSet, tagged: readonly string[], action: MaskAction, detectors: MaskPlan['detectors']): readonly (CellMask | null)[] {
  const columns = tagged.map((name): ColumnTag => ({ column: `s.t.${name}`, tag: 'test.tag', action }));
  const masker = createMasker({ id: 'bench', target: 'bench', columns, detectors, large: [] }, key);
  return masker.bind(set.columns.map(([name, type]) => ({ name, origin: `s.t.${name}`, lineage: null, type, format: 'text' as const })), { touchesTagged: true }, new Set()).cells;
}

for (const set of [crm, plain]) {
  const data = chunks(set, megabytes);
  const ways: Record<string, readonly (CellMask | null)[]> = {
    'walk only': set.columns.map(() => null),
    'detectors on all columns': bound(set, [], 'redact', detectorNames),
    'column rule (redact), no detectors': bound(set, set.tagged, 'redact', []),
    'column rule (last4), no detectors': bound(set, set.tagged, 'last4', []),
    'column rule (token), no detectors': bound(set, set.tagged, 'token', []),
    'column rule (redact) and detectors': bound(set, set.tagged, 'redact', detectorNames),
  };
  say(`\n${set.name}: ${(data.bytes / 1e6).toFixed(0)} MB, ${data.rows} rows, ${set.columns.length} columns, ${rounds} rounds`);
  const seen: Record<string, number[]> = {};
  const hits: Record<string, number> = {};
  for (const cells of Object.values(ways)) for (const chunk of data.chunks.slice(0, 100)) walk(chunk, cells);
  for (let round = 0; round < rounds; round++) {
    for (const [name, cells] of Object.entries(ways)) {
      const before = process.cpuUsage();
      let changed = 0;
      for (const chunk of data.chunks) changed += walk(chunk, cells);
      const used = process.cpuUsage(before);
      (seen[name] ??= []).push(data.bytes / (used.user + used.system));
      hits[name] = changed;
    }
  }
  for (const [name, list] of Object.entries(seen)) {
    const sorted = list.toSorted((a, b) => a - b);
    const median = sorted[sorted.length >> 1] ?? 0;
    say(
      `  ${name.padEnd(38)} ${median.toFixed(0).padStart(6)} MB/CPU-s (${(sorted[0] ?? 0).toFixed(0)}–${(sorted.at(-1) ?? 0).toFixed(0)}), ${(data.bytes / data.rows / median * 1000).toFixed(0)} ns/row, ${hits[name]} cells changed`,
    );
  }
}
