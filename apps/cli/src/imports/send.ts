import { z } from 'zod';
import type { Api } from '../api.ts';
import type { FoundIdentity, Harvest, Trouble } from './found.ts';

/** As many as the console takes at once. */
const partSize = 200;

export const importAnswer = z.object({
  drafted: z.array(z.object({ ref: z.string(), machine: z.string() })), known: z.array(z.object({ ref: z.string(), machine: z.string() })),
  refused: z.array(z.object({ ref: z.string(), code: z.string(), say: z.string() })), warnings: z.array(z.string()), documents: z.array(z.unknown()), digest: z.string(),
});

export interface ImportDefaults {
  readonly owner: string | null;
  readonly backupOwner: string | null;
  readonly environment: string | null;
  readonly criticality: string | null;
  readonly reviewBy: string | null;
  readonly team: string | null;
}

/** What became of all that was found. */
export interface ImportSum {
  readonly source: string;
  readonly dryRun: boolean;
  readonly found: number;
  readonly drafted: readonly { readonly ref: string; readonly machine: string }[];
  readonly known: readonly { readonly ref: string; readonly machine: string }[];
  /** What could not be read of the source, and what could not be drafted. */
  readonly refused: readonly Trouble[];
  readonly warnings: readonly string[];
  readonly documents: readonly unknown[];
  /** Of each part that was sent, as `nhi.imported` has it. */
  readonly digests: readonly string[];
}

/** Sends it in parts; each is one transaction with its event. A part that fails leaves the parts before it drafted, and they are known the next time. */
export async function sendImport(api: Api, source: string, { found, troubles }: Harvest, defaults: ImportDefaults, dryRun: boolean): Promise<ImportSum> {
  const parts: z.infer<typeof importAnswer>[] = [];
  for (let i = 0; i < found.length; i += partSize) {
    const part: readonly FoundIdentity[] = found.slice(i, i + partSize);
    parts.push(await api.post('/v1/imports', { source, found: part, defaults, dryRun }, importAnswer));
  }
  return {
    source, dryRun, found: found.length, drafted: parts.flatMap(({ drafted }) => drafted), known: parts.flatMap(({ known }) => known), refused: [...troubles, ...parts.flatMap(({ refused }) => refused)],
    warnings: parts.flatMap(({ warnings }) => warnings), documents: parts.flatMap(({ documents }) => documents), digests: parts.map(({ digest }) => digest),
  };
}
