import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lintInventory, loadDirectory } from './index.ts';

const examples = join(import.meta.dirname, '..', '..', '..', '..', 'deploy', 'examples');

describe('the examples that the README tells people to copy', () => {
  it('are read without a problem and refused by no rule', async () => {
    const { documents, problems } = await loadDirectory(examples);
    expect(problems).toEqual([]);
    const findings = lintInventory({ documents: documents.map(({ document }) => document), today: '2026-11-22', unchanged: () => false });
    expect(findings.filter(({ severity }) => severity === 'refuse')).toEqual([]);
    expect(documents.length).toBeGreaterThan(10);
  });
});
