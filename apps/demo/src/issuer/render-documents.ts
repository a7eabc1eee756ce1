import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What is known only when the demo runs. */
export interface DemoPlaces {
  /** `http://127.0.0.1:8400`, as {@link startDemoIssuer} says it. */
  readonly issuerUrl: string;
  readonly targetPort: number;
  /** Absolute path of the PEM file that the target's certificate is checked against. */
  readonly targetCa: string;
  /** Default: now. Machines are reviewed half a year from here. */
  readonly now?: Date;
}

/** The templates of `apps/demo/config`. */
const templates = fileURLToPath(new URL('../../config/', import.meta.url));

/** Writes the demo's documents with their places filled in, ready for `sallyport apply -f`. Returns the files. Throws for a place nobody filled. */
export async function renderDocuments(into: string, places: DemoPlaces): Promise<string[]> {
  const review = new Date((places.now ?? new Date()).getTime() + 182 * 86_400_000).toISOString().slice(0, 10);
  const values: Readonly<Record<string, string>> = { ISSUER_URL: places.issuerUrl, TARGET_PORT: String(places.targetPort), TARGET_CA: places.targetCa, REVIEW_BY: review };
  await mkdir(into, { recursive: true });
  const names = (await readdir(templates)).filter((name) => name.endsWith('.yaml')).sort();
  return Promise.all(names.map(async (name) => {
    const text = fill(await readFile(join(templates, name), 'utf8'), values, name);
    await writeFile(join(into, name), text);
    return join(into, name);
  }));
}

function fill(text: string, values: Readonly<Record<string, string>>, file: string): string {
  return text.replaceAll(/\$\{([A-Z_]+)\}/g, (_whole, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${file} has a place ${name} that nobody fills`);
    return value;
  });
}
