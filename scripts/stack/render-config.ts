import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Copies a directory of configuration, with `${NAME}` replaced by the given values. An unknown name is an error: nothing is applied half. */
export async function renderConfig(from: string, to: string, values: Readonly<Record<string, string>>): Promise<void> {
  await rm(to, { recursive: true, force: true });
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const text = (await readFile(source, 'utf8')).replace(/\$\{([A-Z_]+)\}/g, (_, name: string) => {
      const value = values[name];
      if (value === undefined) throw new Error(`${source} uses \${${name}}, which nobody gives`);
      return value;
    });
    const target = join(to, source.slice(from.length));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
  }
}
