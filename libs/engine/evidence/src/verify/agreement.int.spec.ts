import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { endCases, packOfCase, producerCases } from '../testing/producer-cases.ts';
import { rotationCases } from '../testing/rotation-cases.ts';
import { samplePacks } from '../testing/sample-pack.ts';
import { smallCases } from '../testing/small-files.ts';
import { tamperings } from '../testing/tampering.ts';

// The second verifier, written from SPEC.md in another language, must call everything by the same name. What ours calls it is in the specs beside
// this one, from the same tables. Needs python3 and openssl.

const program = join(import.meta.dirname, '../testing/verify.py');
const folder = mkdtempSync(join(tmpdir(), 'verify-'));
const codes = { ok: 0, tampered: 20, incomplete: 21, untrusted: 22 };
const sample = await samplePacks();
const rotations = await rotationCases();
const [packs, small] = [await tamperings(sample), await smallCases(sample)];

afterAll(() => rmSync(folder, { recursive: true }));

describe('the verifier in Python', () => {
  it.each(packs)('calls it $verdict: $name', ({ verdict, pack, keys, kept, witnesses }) => {
    const checkpoints = kept.flatMap(({ name, bytes }) => ['--checkpoint', put(name, bytes)]);
    expect(verify(['pack', put('pack', pack), ...checkpoints, '--witnesses', String(witnesses), ...keys.flatMap((key) => ['--key', key])])).toMatchObject({ code: codes[verdict] });
  });

  it.each(producerCases())('calls it $verdict: $name', async (one) => {
    const { bytes, key } = await packOfCase(one);
    expect(verify(['pack', put('pack', bytes), '--key', key, ...one.producers.flatMap((vkey) => ['--producer-key', vkey])])).toMatchObject({ code: codes[one.verdict] });
  });

  it.each(endCases())('session: calls it $verdict: $name', ({ verdict, events, producers }) => {
    const file = Buffer.concat(events.flatMap((bytes) => [bytes, Buffer.from('\n')]));
    expect(verify(['session', put('session', file), ...producers.flatMap((vkey) => ['--producer-key', vkey])])).toMatchObject({ code: codes[verdict] });
  });

  it.each(rotations)('$command: calls it $verdict: $name', ({ verdict, command, files, keys, rotations }) => {
    const [a = '', b = '', c = ''] = files.map((bytes, i) => put(String(i), bytes));
    const keyed = [...keys.flatMap((key) => ['--key', key]), ...rotations.flatMap((bytes, i) => ['--rotation', put(`rotation${i}`, bytes)])];
    const args = { pack: [a, ...keyed], proof: [a, '--event', b, ...keyed], consistency: [a, b, '--proof', c, ...keyed] }[command];
    expect(verify([command, ...args])).toMatchObject({ code: codes[verdict] });
  });

  it.each(small)('$command: calls it $verdict: $name', ({ command, verdict, files, keys }) => {
    const [a = '', b = '', c = ''] = files.map((bytes, i) => put(String(i), bytes));
    const keyed = keys.flatMap((key) => ['--key', key]);
    const args = { session: [a], proof: [a, '--event', b, ...keyed], consistency: [a, b, '--proof', c, ...keyed] }[command];
    expect(verify([command, ...args])).toMatchObject({ code: codes[verdict] });
  });
});

function put(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function verify(args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync('python3', [program, ...args], { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}
