import { hash } from 'node:crypto';
import { parseEnvelope } from '@sallyport/engine-evidence';
import { prepare, type Examination, type Given } from '../examination.ts';
import { factOf, type Fact } from '../fact.ts';
import type { StoryLedger } from './story.ts';

export const factsOf = (ledger: StoryLedger): readonly Fact[] => ledger.leaves.map(({ leaf, bytes }) => factOf(leaf, hash('sha256', bytes, 'hex'), parseEnvelope(bytes)));

export function examination(ledger: StoryLedger, change: Partial<Given> = {}): Examination {
  return prepare({ facts: factsOf(ledger), period: { from: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z' }, leaves: { from: 0, to: ledger.leaves.length }, scope: 'all', seed: 'examiner 42', sample: 25, log: null, ...change });
}
