import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** The version in the package.json above the folder of a module (`src` or `dist`). @param module its `import.meta.url` */
export function packageVersion(module: string): string {
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(new URL('../package.json', module), 'utf8'))).version;
}
