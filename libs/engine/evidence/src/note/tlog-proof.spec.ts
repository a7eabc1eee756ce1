import { describe, expect, it } from 'vitest';
import { leafHash } from '../merkle/hash.ts';
import { NaiveTree, numberedLeaves } from '../testing/naive-tree.ts';
import { signCheckpoint } from './checkpoint.ts';
import { cosignatureVerifier, cosignaturesOf, cosigner } from './cosignature.ts';
import { isEpochOf, logOrigin } from './log-origin.ts';
import { formatNote, noteSigner, noteVerifier, parseNote } from './signed-note.ts';
import { signingKeyOf } from './signing-key.ts';
import { formatTlogProof, parseTlogProof, verifyTlogProof, type TlogProof } from './tlog-proof.ts';

const log = noteSigner('log.example/acme', signingKeyOf(new Uint8Array(32).fill(1)));
const trusted = [noteVerifier(log.key)];
const accepts = isEpochOf('log.example/acme');
const leaves = numberedLeaves(40);
const tree = new NaiveTree(leaves);

describe('a tlog-proof (no complete published file with its key and leaf was to be had: the form is that of the specification’s text)', () => {
  it('is written as the specification says', () => {
    const proof = proofOf(2, 3);
    const sibling = Buffer.from(tree.root(0, 2)).toString('base64');
    expect(formatTlogProof(proof)).toBe(`c2sp.org/tlog-proof@v1\nindex 2\n${sibling}\n\n${proof.checkpoint}`);
    expect(formatTlogProof({ ...proof, extra: Buffer.from('extra') })).toBe(`c2sp.org/tlog-proof@v1\nextra ZXh0cmE=\nindex 2\n${sibling}\n\n${proof.checkpoint}`);
    const only = proofOf(0, 1);
    expect(formatTlogProof(only)).toBe(`c2sp.org/tlog-proof@v1\nindex 0\n\n${only.checkpoint}`);
  });

  it('has a form in which a published one, of another implementation’s manual, is read and written again', () => {
    const published = 'c2sp.org/tlog-proof@v1\nindex 0\nrqPLszb01JTYtaFXrt/EgKRabefAlo4IVDOyFPm0Hvc=\n\nexample.com/log\n2\nJCMzOarc7fKH0mJBPwPAKOuNs5ft0yooeAkRUbmb8g8=\n\n— example.com/log Jb1BsEv3/w9bI0H3Gl/pRDxTUJhhRdecWoVgxutGU/6cc46BXi6x0pcO78xtvdZoyfNtc3d3Dpx6I3c/L0c1DvqWQAo=\n';
    expect(parseTlogProof(published)).toMatchObject({ index: 0, extra: null });
    expect(formatTlogProof(parseTlogProof(published))).toBe(published);
  });

  it('comes back as it was written and verifies, for every leaf of every tree up to 40', () => {
    for (let size = 1; size <= 40; size++) {
      const checkpoint = checkpointOf(size);
      for (let index = 0; index < size; index++) {
        const proof = parseTlogProof(Buffer.from(formatTlogProof({ index, proof: tree.path(index, 0, size), checkpoint, extra: null })));
        expect(verifyTlogProof(proof, leafOf(index), trusted, accepts).checkpoint.size).toBe(size);
      }
    }
  });

  it('is refused for another leaf, index, size, hash, log or key', () => {
    const good = proofOf(5, 11);
    const cases: [TlogProof, Uint8Array, string][] = [
      [good, leafOf(6), 'ERR_PROOF_ROOT'],
      [good, leafHash(Buffer.from('never logged')), 'ERR_PROOF_ROOT'],
      [{ ...good, index: 4 }, leafOf(5), 'ERR_PROOF_ROOT'],
      [{ ...good, index: 11 }, leafOf(5), 'ERR_PROOF_SIZE'],
      [{ ...good, proof: good.proof.slice(1) }, leafOf(5), 'ERR_PROOF_LENGTH'],
      [{ ...good, proof: good.proof.toReversed() }, leafOf(5), 'ERR_PROOF_ROOT'],
      [{ ...good, checkpoint: checkpointOf(12) }, leafOf(5), 'ERR_PROOF_ROOT'],
      [{ ...good, checkpoint: good.checkpoint.replace('\n11\n', '\n12\n') }, leafOf(5), 'ERR_NOTE_SIGNATURE'],
      [{ ...good, checkpoint: signCheckpoint({ origin: 'log.example/other/0', size: 11, root: tree.root(0, 11) }, log) }, leafOf(5), 'ERR_CHECKPOINT_ORIGIN'],
      [{ ...good, checkpoint: checkpointOf(11, 2) }, leafOf(5), 'ERR_NOTE_UNVERIFIED'],
    ];
    for (const [proof, leaf, code] of cases) expect(() => verifyTlogProof(proof, leaf, trusted, accepts)).toThrowError(expect.objectContaining({ code }));
  });

  it('is refused with any one bit of its text altered', () => {
    const text = Buffer.from(formatTlogProof(proofOf(2, 3)));
    for (let bit = 0; bit < text.length * 8; bit++) {
      const altered = Buffer.from(text);
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << bit % 8);
      expect(() => verifyTlogProof(parseTlogProof(altered), leafOf(2), trusted, accepts), `bit ${bit}`).toThrowError(expect.objectContaining({ code: expect.stringMatching(/^ERR_/) }));
    }
  });

  it('is refused in any form but its one', () => {
    const good = formatTlogProof({ ...proofOf(5, 11), extra: Buffer.from('abcd') });
    const [, hash = ''] = /index 5\n([^\n]+)\n/.exec(good) ?? [];
    const bad = [
      '', 'c2sp.org/tlog-proof@v1\n', good.replace('@v1', '@v2'), ` ${good}`, `\n${good}`, good.replaceAll('\n', '\r\n'), good.replace('index 5\n', ''), good.replace('index 5', 'index 05'), good.replace('index 5', 'index -5'), good.replace('index 5', 'index 5 '), good.replace('index 5', 'Index 5'), good.replace('index 5', 'index x'),
      good.replace('index 5', 'index 9007199254740992'), good.replace('index 5', 'index 5\nindex 5'), good.replace('extra YWJjZA==', 'extra !!notbase64!!'), good.replace('extra YWJjZA==', 'extra YWJjZB=='), good.replace('extra YWJjZA==', 'extra  YWJjZA=='), good.replace('extra YWJjZA==', 'more YWJjZA=='), good.replace('extra YWJjZA==\n', 'extra YWJjZA==\nextra YWJjZA==\n'),
      good.replace(hash, hash.slice(0, -1)), good.replace(hash, 'AAAA'), good.replace(hash, `${hash} `), good.replace(hash, `${hash}\n`), good.replace(hash, Array.from({ length: 60 }, () => hash).join('\n')), good.slice(0, -1), good.slice(0, good.indexOf('\n\n')), good.slice(0, good.indexOf('\n\n') + 2), `${good}\n`, good.replace('index 5', `${'x'.repeat(600_000)}\nindex 5`),
    ];
    for (const text of bad) expect(() => parseTlogProof(text), JSON.stringify(text.slice(0, 300))).toThrowError(expect.objectContaining({ code: expect.stringMatching(/^ERR_(TLOG_PROOF|NOTE_MALFORMED|CHECKPOINT)$/) }));
  });

  it('is not written for what could not be read again', () => {
    const good = proofOf(5, 11);
    for (const proof of [{ ...good, index: -1 }, { ...good, index: 0.5 }, { ...good, proof: [new Uint8Array(31)] }, { ...good, checkpoint: '' }, { ...good, checkpoint: 'log\n1\nroot\n' }]) expect(() => formatTlogProof(proof)).toThrowError(expect.objectContaining({ code: expect.stringMatching(/^ERR_/) }));
  });

  it('carries the cosignatures of witnesses along', () => {
    const witness = cosigner('witness.example/w1', signingKeyOf(new Uint8Array(32).fill(9)));
    const note = parseNote(checkpointOf(11));
    const checkpoint = formatNote({ text: note.text, signatures: [...note.signatures, witness.cosign(note.text, 1_800_000_000)] });
    const proof = parseTlogProof(formatTlogProof({ ...proofOf(5, 11), checkpoint }));
    verifyTlogProof(proof, leafOf(5), trusted, accepts);
    expect(cosignaturesOf(parseNote(proof.checkpoint), [cosignatureVerifier(witness.key)])).toHaveLength(1);
  });
});

function checkpointOf(size: number, seed = 1): string {
  const signer = noteSigner('log.example/acme', signingKeyOf(new Uint8Array(32).fill(seed)));
  return signCheckpoint({ origin: logOrigin('log.example/acme', 0), size, root: tree.root(0, size) }, signer);
}

function proofOf(index: number, size: number): TlogProof {
  return { index, proof: tree.path(index, 0, size), checkpoint: checkpointOf(size), extra: null };
}

function leafOf(index: number): Uint8Array {
  return leafHash(Buffer.from(String(index)));
}
