import fc from 'fast-check';
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

  it('finds any byte of any file that is another one, by somebody without the key', async () => {
    const files = [...(await OpenPack.of(await pack(sample.part))).files];
    const edit = fc.tuple(fc.nat(files.length - 1), fc.nat(), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(edit, async ([which, place, mask]) => {
        const [path = '', bytes = new Uint8Array()] = files[which] ?? [];
        fc.pre(bytes.length > 0);
        const at = place % bytes.length;
        const edited = files.map(([name, of]): [string, Uint8Array] => [name, name === path ? of.with(at, (of[at] ?? 0) ^ mask) : of]);
        const { verdict } = await verifyPack(OpenPack.from(edited).bytes(), { keys: [logKey] });
        expect(verdict, `${path} byte ${at}`).not.toBe('ok');
      }),
      { numRuns: 300 },
    );
  });

  it('never throws, and never calls it well, whatever somebody with the key but not the tree makes of the leaves', async () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.constantFrom('drop', 'double', 'swap', 'garble', 'empty'), fc.nat()), { minLength: 1, maxLength: 4 });
    const bytes = await pack(sample.part);
    await fc.assert(
      fc.asyncProperty(edits, async (some) => {
        const open = await OpenPack.of(bytes);
        const before = open.text('leaves.jsonl');
        for (const [place, how, char] of some) {
          open.lines((lines) => {
            const at = place % Math.max(1, lines.length);
            const line = lines[at] ?? '';
            if (how === 'drop') return lines.toSpliced(at, 1);
            if (how === 'double') return lines.toSpliced(at, 0, line);
            if (how === 'swap') return lines.with(at, lines[0] ?? '').with(0, line);
            return lines.with(at, how === 'empty' ? '' : line.slice(0, char % (line.length + 1)) + line.slice((char % (line.length + 1)) + 1));
          });
        }
        fc.pre(open.text('leaves.jsonl') !== before);
        expect((await verifyPack(open.resign().bytes(), { keys: [logKey] })).verdict).not.toBe('ok');
      }),
      { numRuns: 200 },
    );
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
