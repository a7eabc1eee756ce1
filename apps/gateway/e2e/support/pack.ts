import { readFileSync } from 'node:fs';
import { formatVerifierKey, noteSigner, signingKeyFromPem } from '@sallyport/engine-evidence';
import { sallyport, type CliAnswer } from '../../../../scripts/stack/cli.ts';
import { run } from './run.ts';
import type { World } from './world.ts';

/** An examiner pack as it left the house. */
export interface Pack {
  /** `sallyport evidence pack -o json`. */
  readonly controls: readonly { readonly id: string; readonly state: string; readonly rows: number; readonly exceptions: number }[];
  /** The verifier, told the key by other means, and nothing of the installation. */
  verify(): Promise<CliAnswer>;
  /** Rows of a control's table, as tar and a reader of CSV see them. */
  rows(control: string, table?: 'result' | 'exceptions'): Promise<readonly Readonly<Record<string, string>>[]>;
}

export async function makePack(world: World, name: string, from: number): Promise<Pack> {
  const file = world.stack.home.at(name);
  const short = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`;
  const made = await world.cli('carl', 'evidence', 'pack', '--from', short(from), '--to', short(Date.now() + 60_000), '--out', file, '-o', 'json');
  if (made.code !== 0) throw new Error(`no pack: ${made.code} ${made.err}${made.out.slice(0, 2000)}`);
  const { controls }: Pick<Pack, 'controls'> = JSON.parse(made.out);
  const { key } = noteSigner('sallyport.local/default', signingKeyFromPem(readFileSync(world.stack.home.keys.log, 'utf8')));
  return {
    controls,
    verify: () => sallyport({}, 'evidence', 'verify', 'pack', file, '--key', formatVerifierKey(key)),
    rows: async (control, table = 'result') => {
      const list = (await run('tar', ['-tzf', file])).out.split('\n');
      const path = list.find((one) => one.includes(control) && one.endsWith(`${table}.csv`));
      if (path === undefined) throw new Error(`the pack has no ${table} of ${control}; it has ${list.join(' ')}`);
      const [head = [], ...lines] = parseCsv((await run('tar', ['-xzOf', file, path])).out);
      return lines.map((cells) => Object.fromEntries(head.map((title, i) => [title, cells[i] ?? ''])));
    },
  };
}

/** RFC 4180. */
function parseCsv(text: string): string[][] {
  const cells = [...text.matchAll(/("(?:[^"]|"")*"|[^,\r\n]*)(,|\r\n|$)/g)];
  const lines: string[][] = [[]];
  for (const [, cell = '', end] of cells) {
    lines.at(-1)?.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
    if (end === '\r\n') lines.push([]);
    else if (end === '') break;
  }
  return lines.filter((line) => line.some((cell) => cell !== ''));
}
