import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/**
 * One configuration for every project: tests run from source (the `@sallyport/source` export condition),
 * and decorator metadata is emitted for the specs too, which the projects' own tsconfigs leave out.
 *
 * A suite is named by its suffix: `x.spec.ts` is pure, `x.int.spec.ts` needs one real server,
 * `x.e2e.spec.ts` needs the whole stack. SALLYPORT_SUITE picks one of them; nothing means the pure ones.
 */
export function project(root: string) {
  return defineConfig({
    root,
    resolve: { conditions: ['@sallyport/source'] },
    ssr: { resolve: { conditions: ['@sallyport/source'], externalConditions: ['@sallyport/source'] } },
    oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
    test: {
      name: nameOf(root),
      ...suite(process.env['SALLYPORT_SUITE'] ?? 'unit'),
    },
  });
}

function suite(name: string) {
  switch (name) {
    case 'unit':
      // Properties and exhaustive tables take seconds on a busy machine; time is never what a test is about.
      return { testTimeout: 60_000, include: ['src/**/*.spec.ts'], exclude: ['**/*.int.spec.ts', '**/*.e2e.spec.ts'], passWithNoTests: true };
    case 'int':
      // Real servers on a busy machine: what is waited for may take its time.
      return { include: ['src/**/*.int.spec.ts'], expect: { poll: { timeout: 10_000 } }, testTimeout: 60_000, hookTimeout: 120_000, passWithNoTests: true };
    case 'e2e':
      return { include: ['e2e/**/*.e2e.spec.ts'], testTimeout: 120_000, hookTimeout: 300_000, fileParallelism: false, passWithNoTests: true };
    default:
      throw new Error(`SALLYPORT_SUITE=${name} is none of unit, int, e2e`);
  }
}

/** The package's name without its scope: `gateway`, `engine-policy`. */
function nameOf(root: string): string {
  const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { name: string };
  return name.slice(name.indexOf('/') + 1);
}
