import { describe, expect, it } from 'vitest';
import { logKey, whereIs } from '../testing/sample-log.ts';
import { pack, samplePacks } from '../testing/sample-pack.ts';
import { OpenPack, tamperings } from '../testing/tampering.ts';
import { toBase64 } from '../note/text.ts';
import { reportText } from './report-text.ts';
import { verifyPack } from './verify-pack.ts';

const sample = await samplePacks();
const cases = await tamperings(sample);

describe('verifying a pack', () => {
  it.each(cases)('calls it $verdict: $name', async ({ verdict, pack: bytes, keys, kept, witnesses }) => {
    const report = await verifyPack(bytes, { keys, kept, witnesses });
    expect(report.verdict, reportText(report)).toBe(verdict);
    expect(report.faults.length > 0).toBe(verdict !== 'ok');
  });

  it('names the leaf, the chain and the number of an event that was changed', async () => {
    const at = whereIs(sample.log.events, sample.sid.long, 2);
    const event = Buffer.from(Buffer.from(sample.log.events[at] ?? []).toString().replace('"decision":"allow"', '"decision":"deny"'));
    const edited = (await OpenPack.of(await pack(sample.whole))).lines((lines) => lines.with(at, `{"i":${at},"event":"${toBase64(event)}"}`)).resign();
    const { faults } = await verifyPack(edited.bytes(), { keys: [logKey] });
    expect(faults).toMatchObject([
      { kind: 'root', where: { file: 'leaves.jsonl' } },
      { kind: 'changed', where: { file: 'leaves.jsonl', leaf: at, sid: sample.sid.long, seq: 2 } },
    ]);
  });

  it('names the session whose end is missing and the numbers that a producer lost', async () => {
    const shortened = { ...sample.whole, sessions: { begunBefore: [], openAfter: [] } };
    const { faults } = await verifyPack(await pack(shortened), { keys: [logKey] });
    expect(faults).toMatchObject([{ kind: 'unclosed', where: { sid: sample.sid.running } }]);
  });

  it('refuses a pack that is larger than it may be, before it is in memory', async () => {
    const { faults } = await verifyPack(await pack(sample.whole), { keys: [logKey], most: 10_000 });
    expect(faults).toMatchObject([{ kind: 'archive' }]);
  });

  it('says where in words, without a control character that a file brought', async () => {
    const bad = (await OpenPack.of(await pack(sample.whole))).edit('manifest.json', '"EP-09"', '"EP-\\u001b[2J"');
    expect(reportText(await verifyPack(bad.bytes(), { keys: [logKey] }))).toMatch(/^TAMPERED: [\s\S]*manifest/);
  });
});

describe('writing a pack', () => {
  it('gives the same bytes for the same contents', async () => {
    expect(await pack(sample.part)).toEqual(await pack(sample.part));
  });
});
