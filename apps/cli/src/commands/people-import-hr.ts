import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { z } from 'zod';
import { does } from '../context.ts';
import { Failure } from '../failure.ts';
import { importedHrText } from '../output/directories.ts';
import { standardInput } from '../standard-input.ts';

const named = { line: z.number(), person: z.string().nullable() };
export const importedHr = z.object({ rows: z.number(), left: z.array(z.object({ ...named, at: z.string() })), returned: z.array(z.object(named)), planned: z.number(), unchanged: z.number(), unmatched: z.array(z.number()) });
export type ImportedHr = z.infer<typeof importedHr>;

const longest = 900_000;

export const peopleImportHr = (): Command =>
  does(
    new Command('import-hr')
      .description('tell from the HR file who is gone, or will be after a last day; the same file twice changes nothing')
      .argument('<file>', 'CSV with a heading: person_id (or directory_id, employee_id, user_name, email), last_day as 2026-11-27, status; - for standard input')
      .option('--dry-run', 'say what would follow, and change nothing'),
    async ({ out, api }, [file = ''], { dryRun }) => {
      const text = file === '-' ? await standardInput() : read(file);
      if (text.length > longest) throw new Failure('usage', `the file is longer than ${longest} characters`, 'split it: what is told twice changes nothing');
      const dry = dryRun === true;
      out.show(await api().post('/v1/people/import-hr', { text, dryRun: dry }, importedHr), (value) => importedHrText(value, dry));
    },
  );

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new Failure('usage', `${file} cannot be read`);
  }
}
