import { appendFile, chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format } from '@sallyport/engine-siem';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { leaves } from '../testing/leaves.ts';
import { send } from '../testing/sends.ts';
import { JsonFile } from './json-file.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-sinks-'));
  path = join(directory, 'out.jsonl');
});
afterEach(() => rm(directory, { recursive: true }));

const file = (maxBytes = 1e9, keep = 2) => new JsonFile({ path, maxBytes, keep, format: format('jsonl') });
const leavesIn = async (name: string) => (await readFile(join(directory, name), 'utf8')).trimEnd().split('\n').map((line) => (JSON.parse(line) as { leaf: number }).leaf);

describe('a file', () => {
  it('gets one line for each event with the stored bytes in it, and goes on where it ends', async () => {
    const stored = leaves(6);
    for (const part of [stored.slice(0, 4), stored.slice(4)]) {
      const sink = file();
      expect(await send(sink, part)).toEqual([]);
      await sink.close();
    }
    expect(await leavesIn('out.jsonl')).toEqual([0, 1, 2, 3, 4, 5]);
    const [line = ''] = (await readFile(path, 'utf8')).split('\n');
    expect(line.slice(line.indexOf('"event":') + 8, -1)).toBe(Buffer.from(stored[0]?.bytes ?? []).toString());
  });

  it('loses the half line that a crash left, and nothing else', async () => {
    const stored = leaves(3);
    const sink = file();
    await send(sink, stored.slice(0, 2));
    await sink.close();
    await appendFile(path, '{"leaf":2,"recei');
    const after = file();
    await send(after, stored.slice(2));
    await after.close();
    expect(await leavesIn('out.jsonl')).toEqual([0, 1, 2]);
    await writeFile(path, 'all of it is half');
    const again = file();
    await send(again, stored.slice(2));
    await again.close();
    expect(await leavesIn('out.jsonl')).toEqual([2]);
  });

  it('that is full is put aside, and as many are kept as were asked for', async () => {
    await writeFile(join(directory, 'out-of-this.jsonl'), '');
    const sink = file(1, 2);
    for (const leaf of leaves(5)) await send(sink, [leaf]);
    await sink.close();
    expect((await readdir(directory)).sort()).toEqual(['out-000000000000003.jsonl', 'out-000000000000004.jsonl', 'out-of-this.jsonl', 'out.jsonl']);
    expect([await leavesIn('out-000000000000003.jsonl'), await leavesIn('out-000000000000004.jsonl'), await leavesIn('out.jsonl')]).toEqual([[2], [3], [4]]);
  });

  it('that cannot be written says so, and works when it can', async () => {
    const sink = file();
    await rm(directory, { recursive: true });
    await expect(send(sink, leaves(1))).rejects.toMatchObject({ code: 'disk', message: expect.stringContaining('ENOENT') });
    directory = await mkdtemp(join(tmpdir(), 'sallyport-sinks-'));
    await chmod(directory, 0o700);
    path = join(directory, 'out.jsonl');
    const other = file();
    expect(await send(other, leaves(1))).toEqual([]);
    await other.close();
  });
});
