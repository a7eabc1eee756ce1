import { describe, expect, it } from 'vitest';
import { formatRotation, openRotation } from '../note/key-rotation.ts';
import { logSigner, strangerSigner } from '../testing/sample-log.ts';
import { rotationCases } from '../testing/rotation-cases.ts';
import { reportText } from './report-text.ts';
import { verifyGrowth } from './verify-growth.ts';
import { verifyPack } from './verify-pack.ts';
import { verifyProof } from './verify-proof.ts';

const cases = await rotationCases();

describe('a log whose key was followed by another', () => {
  it.each(cases)('$command is called $verdict: $name', async ({ command, verdict, files, keys, rotations: statements }) => {
    const [a = new Uint8Array(), b = new Uint8Array(), c = new Uint8Array()] = files;
    const rotations = statements.map((bytes, i) => ({ name: `statement ${i}`, bytes }));
    const verify = {
      pack: () => verifyPack(a, { keys, rotations }),
      proof: () => verifyProof(a, b, { keys, rotations }),
      consistency: () => verifyGrowth({ name: 'a', bytes: a }, { name: 'b', bytes: b }, c, { keys, rotations }),
    }[command];
    const report = await verify();
    expect(report.verdict, reportText(report)).toBe(verdict);
  });

  it('is not said of one key twice, of two logs, or without two signatures', () => {
    expect(() => formatRotation({ old: logSigner.key, next: logSigner.key })).toThrow('does not follow itself');
    expect(() => formatRotation({ old: logSigner.key, next: strangerSigner.key })).toThrow('of the same log');
    expect(() => openRotation('hello\n')).toThrow('not a signed note');
  });
});
