import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { asciicast } from './asciicast.ts';
import type { ReplayedRecording } from './recording.ts';

const run = promisify(execFile);
const piece = (at: number, text: string) => ({ kind: 'out', at, bytes: Buffer.from(text) }) as const;
const recording: ReplayedRecording = {
  command: 'c', kind: 'terminal', columns: 80, rows: 24, term: 'xterm', title: 'ls', began: '2026-11-23T06:00:00.000000Z', missing: 'it was cut short: limit',
  pieces: [piece(0, '$ ls\r\n'), piece(1_500, '\x1b[1mfile\x1b[0m-ü\r\n'), { kind: 'size', at: 2_000, bytes: Uint8Array.of(0, 120, 0, 40) }, piece(9_000, 'bye\r\n')],
};

/** Debian 12 has asciinema 2.2, which knows casts of version 2 only, and whose `cat` wants a terminal of its own. */
describe.skipIf(!existsSync('/usr/bin/asciinema'))('exported casts', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-cast-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('of version 2 are played by asciinema', { timeout: 60_000 }, async () => {
    const file = join(directory, 'two.cast');
    writeFileSync(file, asciicast(recording, 2));
    const { stdout } = await run('/usr/bin/asciinema', ['play', file], { env: { PATH: '/usr/bin:/bin', HOME: directory, LC_ALL: 'C.UTF-8', TERM: 'xterm' } });
    expect(stdout).toBe('$ ls\r\n\x1b[1mfile\x1b[0m-ü\r\nbye\r\n');
  });
});
