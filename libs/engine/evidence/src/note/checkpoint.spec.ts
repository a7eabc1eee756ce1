import { describe, expect, it } from 'vitest';
import { emptyRoot } from '../merkle/hash.ts';
import { formatCheckpoint, openCheckpoint, parseCheckpoint, signCheckpoint } from './checkpoint.ts';
import { isEpochOf, logOrigin, parseLogOrigin } from './log-origin.ts';
import { noteSigner, noteVerifier, parseNote } from './signed-note.ts';
import { signingKeyOf } from './signing-key.ts';
import { parseVerifierKey } from './verifier-key.ts';

const anyone = () => true;

describe('checkpoints of the Go checksum database, as published', () => {
  const trusted = [noteVerifier(parseVerifierKey('sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8'))];
  const published = [
    'go.sum database tree\n15081221\nBoMMe1wd25Tco0mYGROkyqxHZWx+hcSCtMV315Lu6Lg=\n\n— sum.golang.org Az3grilD7vQqTrv66jRgKM84Y80KTprrSt4bKmiOPxgmS5ZVBTeCl6dUvjYnN13R+C8j0jGY1WnUADGMkok3U0m2Zgo=\n',
    'go.sum database tree\n63096908\n8lHrQPRYe4KT4WQ9/Qk8/taKnD6IRHbFgfN7vQE2Y54=\n\n— sum.golang.org Az3gri/oVBN1jAhNZ/iS+W31psFAWRT20/GyrhpU6taFwulQGetBkH5S7wpGXdS935jiIGiUUAXBVHzT/P6fYhqAmAk=\n',
  ];

  it('verify', () => {
    const sizes = published.map((note) => openCheckpoint(note, trusted, (origin) => origin === 'go.sum database tree').checkpoint.size);
    expect(sizes).toEqual([15_081_221, 63_096_908]);
  });

  it('are refused as another size or under another origin', () => {
    for (const note of published) {
      expect(() => openCheckpoint(note.replace('1', '2'), trusted, anyone)).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_SIGNATURE' }));
      expect(() => openCheckpoint(note, trusted, (origin) => origin === 'sum.golang.org')).toThrowError(expect.objectContaining({ code: 'ERR_CHECKPOINT_ORIGIN' }));
    }
  });
});

describe('the example of C2SP tlog-checkpoint (its key is not published: its form only)', () => {
  it('is read', () => {
    const note = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n';
    const checkpoint = parseCheckpoint(parseNote(note).text);
    expect(checkpoint).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20_852_163 });
    expect(formatCheckpoint(checkpoint)).toBe(parseNote(note).text);
  });
});

describe('a checkpoint', () => {
  const signer = noteSigner('log.example/acme', signingKeyOf(new Uint8Array(32).fill(1)));
  const trusted = [noteVerifier(signer.key)];
  const root = new Uint8Array(32).fill(9);
  const text = formatCheckpoint({ origin: 'log.example/acme/3', size: 12, root });

  it('comes back as it was signed, up to the largest size', () => {
    for (const size of [1, 12, 2 ** 32, 2 ** 53 - 1]) {
      const checkpoint = { origin: 'log.example/acme/3', size, root };
      expect(openCheckpoint(signCheckpoint(checkpoint, signer), trusted, isEpochOf('log.example/acme')).checkpoint).toEqual(checkpoint);
    }
    expect(parseCheckpoint(formatCheckpoint({ origin: 'o', size: 0, root: emptyRoot() })).size).toBe(0);
  });

  it('is refused in any form but its one', () => {
    const encoded = Buffer.from(root).toString('base64');
    const bad = [
      '', '\n', text.slice(0, -1), `${text}\n`, `${text}extension\n`, `\n${text}`, text.replace('\n12\n', '\n012\n'), text.replace('\n12\n', '\n+12\n'), text.replace('\n12\n', '\n-12\n'), text.replace('\n12\n', '\n1e2\n'), text.replace('\n12\n', '\n12 \n'), text.replace('\n12\n', '\n\n'),
      text.replace('\n12\n', '\n9007199254740992\n'), text.replace('\n12\n', '\n12.0\n'), text.replace('\n12\n', '\n0\n'), text.replace(encoded, encoded.slice(0, -1)), text.replace(encoded, `${encoded.slice(0, -2)}l=`), text.replace(encoded, 'AAAA'), text.replace(encoded, ''), text.replace('log.example/acme/3', ''), text.replaceAll('\n', '\r\n'),
    ];
    for (const one of bad) expect(() => parseCheckpoint(one), JSON.stringify(one)).toThrowError(expect.objectContaining({ code: 'ERR_CHECKPOINT' }));
  });

  it('is not written for what could not be read again', () => {
    for (const [origin, size, hash] of [['', 1, root], ['a b', 1, root], ['a+b', 1, root], ['a\nb', 1, root], ['a', -1, root], ['a', 1.5, root], ['a', 2 ** 53, root], ['a', NaN, root], ['a', 1, root.subarray(1)], ['a', 0, root]] as const) {
      expect(() => formatCheckpoint({ origin, size, root: hash })).toThrowError(expect.objectContaining({ code: 'ERR_CHECKPOINT' }));
    }
  });

  it('is refused if nobody trusted signed it, if the origin is not accepted, and if what is signed is no checkpoint', () => {
    const stranger = noteSigner('log.example/acme', signingKeyOf(new Uint8Array(32).fill(2)));
    const checkpoint = { origin: 'log.example/acme/3', size: 12, root };
    expect(() => openCheckpoint(signCheckpoint(checkpoint, stranger), trusted, anyone)).toThrowError(expect.objectContaining({ code: 'ERR_NOTE_UNVERIFIED' }));
    expect(() => openCheckpoint(signCheckpoint(checkpoint, signer), trusted, isEpochOf('log.example/other'))).toThrowError(expect.objectContaining({ code: 'ERR_CHECKPOINT_ORIGIN' }));
    const other = noteSigner('log.example/acme', signingKeyOf(new Uint8Array(32).fill(1))).sign('hello\n');
    expect(() => openCheckpoint(`hello\n\n— ${other.name} ${Buffer.concat([keyIdOf(other.keyId), other.signature]).toString('base64')}\n`, trusted, anyone)).toThrowError(expect.objectContaining({ code: 'ERR_CHECKPOINT' }));
  });

  it('goes through a change of keys: signed by both, each side knows one', () => {
    const next = noteSigner('log.example/acme', signingKeyOf(new Uint8Array(32).fill(3)));
    const note = signCheckpoint({ origin: 'log.example/acme/3', size: 12, root }, signer, next);
    for (const key of [signer.key, next.key]) expect(openCheckpoint(note, [noteVerifier(key)], anyone).checkpoint.size).toBe(12);
  });
});

describe('the origin of an epoch', () => {
  it('leads back to log and epoch', () => {
    expect(logOrigin('sallyport.local/default', 0)).toBe('sallyport.local/default/0');
    expect(parseLogOrigin('sallyport.local/default/17')).toEqual({ log: 'sallyport.local/default', epoch: 17 });
    for (const origin of ['', '/', 'a', '/1', 'a/', 'a/x', 'a/01', 'a/-1', 'a b/1', 'a/9007199254740992']) expect(parseLogOrigin(origin), origin).toBeNull();
    expect(isEpochOf('a')('a/1/2')).toBe(false);
    for (const [log, epoch] of [['', 0], ['a b', 0], ['a', -1], ['a', 0.5]] as const) expect(() => logOrigin(log, epoch)).toThrowError(expect.objectContaining({ code: 'ERR_CHECKPOINT_ORIGIN' }));
  });
});

function keyIdOf(keyId: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(keyId);
  return bytes;
}
