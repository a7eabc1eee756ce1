import { noteSigner, noteVerifier, verifyNote } from '@sallyport/engine-evidence';
import { evidenceExport } from '@sallyport/platform-bus';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLogKey } from '../log/notary.ts';
import { auditor, eventually, house, type House } from '../testing/house.ts';

let h: House;
beforeAll(async () => void (h = await house()));
afterAll(() => h?.[Symbol.asyncDispose]());

const manifest = 'ab'.repeat(32);

describe('an export', () => {
  it('is recorded and signed for by the key of the log', async () => {
    const origin = 'sallyport.local/default/1';
    const { key } = noteSigner('sallyport.local/default', readLogKey(h.env['SALLYPORT_LOG_KEY'] ?? ''));
    const answer = await h.console.call(evidenceExport, { by: auditor, origin, manifest, scope: 'machine=nightly', from: 3, to: 9, count: 5 });
    if (!answer.ok) throw new Error(answer.error.say);
    expect(verifyNote(answer.value.note, [noteVerifier(key)]).text).toBe(`sallyport.dev/pack/v1\n${origin}\n${manifest}\n`);
    await eventually('it stands in the ledger', async () => (await h.events()).some(({ type }) => type === 'evidence.exported'));
    expect((await h.events()).find(({ type }) => type === 'evidence.exported')).toMatchObject({ who: { id: 'person:ada' }, d: { origin, manifest, scope: 'machine=nightly', from: 3, to: 9, count: 5 } });
  });
  it.each([
    [{ origin: 'other.log/1' }, 'invalid'],
    [{ from: 9, to: 3 }, 'invalid'],
    [{ count: 7 }, 'invalid'],
    [{ manifest: 'x' }, 'invalid'],
    [{ by: { ...auditor, roles: ['operator', 'admin'] } }, 'denied'],
  ])('is refused and not signed: %j', async (change, code) => {
    const answer = await h.console.call(evidenceExport, { by: auditor, origin: 'sallyport.local/default/1', manifest, scope: 'all', from: 3, to: 9, count: 5, ...change });
    expect(answer).toMatchObject({ ok: false, error: { code } });
  });
});
