import { formatRotation, formatSignedRotation, formatVerifierKey, noteSigner, parseNote, signingKeyOf, signNote, verifyPack } from '@sallyport/engine-evidence';
import { parseScope } from '@sallyport/engine-examiner';
import { expect, it } from 'vitest';
import { packStory } from '../testing/pack-story.ts';
import { makePack } from './make-pack.ts';
import type { PackSource } from './pack-source.ts';

it('a pack after the key of the log was followed by another verifies by the key that the examiner has known from the beginning', { timeout: 60_000 }, async () => {
  const story = packStory();
  const [old, next] = [7, 8].map((n) => noteSigner('log.cli.test', signingKeyOf(new Uint8Array(32).fill(n))));
  if (old === undefined || next === undefined) throw new Error('two keys');
  const text = formatRotation({ old: old.key, next: next.key });
  const rotations = [formatSignedRotation({ old: old.key, next: next.key }, [old.sign(text), next.sign(text)])];
  const key = formatVerifierKey(next.key);
  const after: PackSource = {
    tile: (...of) => story.tile(...of),
    leaves: (...of) => story.leaves(...of),
    policy: (version) => story.policy(version),
    checkpoint: async (most, how) => {
      const shown = await story.checkpoint(most, how);
      return shown === null ? null : { ...shown, note: signNote(parseNote(shown.note).text, next), key, rotations };
    },
    sign: ({ origin, manifest }) => Promise.resolve(signNote(`sallyport.dev/pack/v1\n${origin}\n${manifest}\n`, next)),
  };
  const made = await makePack(after, { period: { from: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z' }, scope: parseScope('all'), seed: 'x', sample: 5, withhold: [], generator: { name: 'sallyport', version: 'test' }, madeAt: '2026-11-22T00:00:00Z' });
  expect(made.report.verdict).toBe('ok');
  expect((await verifyPack(made.bytes, { keys: [formatVerifierKey(old.key)] })).verdict).toBe('ok');
  expect((await verifyPack(made.bytes, { keys: [formatVerifierKey(noteSigner('log.cli.test', signingKeyOf(new Uint8Array(32).fill(9))).key)] })).verdict).toBe('untrusted');
});
