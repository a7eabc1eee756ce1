import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bypasses } from './testing/bypasses.ts';
import { harmless } from './testing/harmless.ts';
import { Sandbox } from './testing/sandbox.ts';
import { isUnreadable, understand } from './understand.ts';

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = new Sandbox();
});
afterAll(() => sandbox.close());

/**
 * The same command with its paths within the sandbox, or null when one is left that is not, or the command does what a test must not: signals,
 * waiting, other machines.
 */
function within(text: string): string | null {
  const moved = text.replaceAll(/(?<![\w./~*?}\])-])\/(?:srv\/data|etc|bin|tmp|srv|var\/log)(?=[/\s"';|&)]|$)/g, (path) => `${sandbox.home}/d${path.slice(path.lastIndexOf('/'))}`);
  const rest = moved.replaceAll(sandbox.home, '').replaceAll('/dev/null', '').replaceAll('/dev/stdin', '').replaceAll('/dev/fd/', '');
  if (/(?:^|[\s"'=<>:&|;(])\/|\\x2f|\\057|[?*]\/|\bkill\b|while true|while read|tail -f|select|~root|watch|yes|\$SHELL|\$0|\$_/.test(rest)) return null;
  return moved;
}

const runnable = [...bypasses.map(({ text }) => text), ...harmless];

describe('what the corpora do in a real shell is what is found in them', () => {
  it.each(['bash', 'dash'] as const)('%s', (shell) => {
    let ran = 0;
    const missed: string[] = [];
    for (const text of runnable) {
      const command = within(text);
      if (command === null) continue;
      const means = understand(command, { shell: shell === 'bash' ? 'bash' : 'sh', home: sandbox.home, maxBytes: 64 * 1024 });
      if (isUnreadable(means) || means.reading === 'opaque') continue;
      ran++;
      const { programs, written } = sandbox.run(shell, command);
      const names = means.effects.filter(({ verb }) => verb === 'execute').map(({ resource }) => resource.name);
      const partial = means.reading === 'partial';
      // A script of which nothing is known, or a variable by which another may run.
      const more = partial && (/(?:^| )bash -lc/.test(text) || means.effects.some(({ verb, resource }) => (verb === 'execute' && resource.schema !== null) || (verb === 'unknown' && resource.kind === 'setting')));
      const places = means.effects.filter(({ verb, resource }) => verb === 'write' && resource.kind === 'file').map(({ resource }) => resource.name);
      if (!more) for (const name of programs) if (!names.includes(name)) missed.push(`${text} ran ${name}`);
      if (!partial) for (const path of written) if (!places.some((place) => path === place || path.startsWith(`${place}/`))) missed.push(`${text} wrote ${sandbox.shown(path)}`);
    }
    expect(missed).toEqual([]);
    expect(ran).toBeGreaterThan(200);
  }, 600_000);
});
