import { describe, expect, it } from 'vitest';
import { samplePacks } from '../testing/sample-pack.ts';
import { smallCases, type SmallCase } from '../testing/small-files.ts';
import { reportText } from './report-text.ts';
import { verifyGrowth } from './verify-growth.ts';
import { verifyProof } from './verify-proof.ts';
import { verifySession } from './verify-session.ts';

const cases = await smallCases(await samplePacks());

describe('verifying less than a pack', () => {
  it.each(cases)('$command: calls it $verdict: $name', (one) => {
    const report = run(one);
    expect(report.verdict, reportText(report)).toBe(one.verdict);
  });

  it('names the number of a session that is missing and the one that was changed', () => {
    const named = (name: string) => run(cases.find((one) => one.name === name && one.command === 'session') ?? cases[0]).faults[0];
    expect(named('a removed event')).toMatchObject({ kind: 'missing', where: { seq: 2 } });
    expect(named('an edited event')).toMatchObject({ kind: 'changed', where: { seq: 2, leaf: 2 } });
  });
});

function run(one: SmallCase | undefined) {
  const [a = new Uint8Array(), b = new Uint8Array(), c = new Uint8Array()] = one?.files ?? [];
  const keys = one?.keys ?? [];
  switch (one?.command) {
    case 'proof':
      return verifyProof(a, b, { keys });
    case 'consistency':
      return verifyGrowth({ name: 'a', bytes: a }, { name: 'b', bytes: b }, c, { keys });
    default:
      return verifySession(a);
  }
}
