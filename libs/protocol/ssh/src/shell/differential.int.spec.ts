import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Understanding } from '@sallyport/domain-model';
import { brokenCommand, randomCommand } from './testing/random-command.ts';
import { Sandbox, type RealShell } from './testing/sandbox.ts';
import { isUnreadable, understand } from './understand.ts';

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = new Sandbox();
});
afterAll(() => sandbox.close());

/** What really ran or was written, and was not found. Empty: all was found, or said not to be known. */
function missed(command: string, shell: RealShell, dialect: 'bash' | 'sh'): readonly string[] {
  const means = understand(command, { shell: dialect, home: sandbox.home, maxBytes: 64 * 1024 });
  if (isUnreadable(means) || means.reading === 'opaque') return [];
  const ran = sandbox.run(shell, command);
  const programs = ran.programs.filter((name) => !means.effects.some(({ verb, resource }) => verb === 'execute' && resource.name === name));
  const files = filesUnknown(means) ? [] : ran.written.filter((path) => !writes(means).some((place) => path === place || path.startsWith(`${place}/`)));
  return [...programs.map((name) => `ran ${name}`), ...files.map((path) => `wrote ${sandbox.shown(path)}`)];
}

/** A program that is not read may write anything; so may one with a file that is not known. */
function filesUnknown(means: Understanding): boolean {
  return means.effects.some(({ verb, resource }) => resource.kind === 'file' && (verb === 'unknown' || resource.schema === '?')) || means.effects.some(({ verb, resource }) => verb === 'execute' && resource.name === 'mystery');
}

function writes(means: Understanding): readonly string[] {
  return means.effects.filter(({ verb, resource }) => verb === 'write' && resource.kind === 'file').map(({ resource }) => resource.name);
}

const runs = Number(process.env['SALLYPORT_RUNS'] ?? 250);

/** bash as the login shell; and the reading for all shells, held to both. */
const pairs: readonly [RealShell, 'bash' | 'sh'][] = [['bash', 'bash'], ['bash', 'sh'], ['dash', 'sh']];

describe('what a real shell runs and writes', () => {
  it.each(pairs)('is found in random commands: %s, read as %s', (shell, dialect) => {
    fc.assert(fc.property(randomCommand, (command) => {
      expect(missed(command, shell, dialect), command).toEqual([]);
    }), { numRuns: runs });
  }, 600_000);

  it.each(pairs)('is found in broken commands: %s, read as %s', (shell, dialect) => {
    fc.assert(fc.property(brokenCommand, (command) => {
      expect(missed(command, shell, dialect), command).toEqual([]);
    }), { numRuns: runs });
  }, 600_000);
});
