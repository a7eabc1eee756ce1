/** Where files of a pack stand: SPEC.md 3.2. */
export const place = {
  manifest: 'manifest.json',
  signature: 'manifest.sig',
  leaves: 'leaves.jsonl',
  checkpointTo: 'proofs/checkpoint-to',
  checkpointFrom: 'proofs/checkpoint-from',
  consistency: 'proofs/consistency',
  range: 'proofs/range',
  /** A folder: statements that keys of the log follow others. */
  rotations: 'proofs/key-rotations/',
  openings: 'openings.jsonl',
  /** Folder of RFC 3161 tokens: `to-….tst`, `from-….tst`. */
  timestamps: 'proofs/timestamps/',
  mappings: 'mappings.json',
  redactions: 'redactions.csv',
  verify: 'VERIFY.md',
} as const;

/** What every pack has, besides the manifest and its signature. */
export const always: readonly string[] = [place.leaves, place.checkpointTo, place.range, place.mappings, place.redactions, place.verify];
/** What a pack with an older checkpoint has too. */
export const withOlder: readonly string[] = [place.checkpointFrom, place.consistency];

export const controlFiles = ['result.csv', 'exceptions.csv', 'query.sql', 'narrative.md'] as const;

export function controlPath(id: string, file: (typeof controlFiles)[number]): string {
  return `controls/${id}/${file}`;
}

const roots: ReadonlySet<string> = new Set(Object.values(place));
const folders = ['controls/', 'policy/', 'keys/', 'extra/', 'proofs/'];

/** Whether a file may stand there. */
export function isPlace(path: string): boolean {
  return roots.has(path) || folders.some((folder) => path.startsWith(folder));
}
