import { describe, expect, it } from 'vitest';
import { formatAddCheckpoint, parseAddCheckpoint } from './add-checkpoint.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
// The example of the specification.
const example = `old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
`;

describe('a request to add a checkpoint', () => {
  it('is read and written as in the example of the specification', () => {
    const request = parseAddCheckpoint(utf8(example));
    expect(request).toMatchObject({ oldSize: 20852014, proof: { length: 4 } });
    expect(request.checkpoint.startsWith('example.com/behind-the-sofa\n20852163\n')).toBe(true);
    expect(formatAddCheckpoint(request)).toBe(example);
  });

  it('may have no proof', () => {
    expect(parseAddCheckpoint(utf8('old 0\n\nx\n'))).toEqual({ oldSize: 0, proof: [], checkpoint: 'x\n' });
  });

  const hash = Buffer.alloc(32).toString('base64');
  it.each([
    ['nothing', ''],
    ['no empty line', 'old 0\n'],
    ['another word', 'new 0\n\nx\n'],
    ['leading zeroes', 'old 01\n\nx\n'],
    ['a sign', 'old +1\n\nx\n'],
    ['two spaces', 'old  1\n\nx\n'],
    ['a size past 2^53', 'old 9007199254740992\n\nx\n'],
    ['carriage returns', 'old 0\r\n\r\nx\n'],
    ['a short hash', `old 1\n${Buffer.alloc(31).toString('base64')}\n\nx\n`],
    ['base64 without padding', `old 1\n${hash.slice(0, -1)}\n\nx\n`],
    ['too many hashes', `old 1\n${`${hash}\n`.repeat(64)}\nx\n`],
    ['too many bytes', `old 0\n\n${'x'.repeat(64 * 1024)}\n`],
  ])('is refused with %s', (_, body) => {
    expect(() => parseAddCheckpoint(utf8(body))).toThrow(expect.objectContaining({ code: 'ERR_ADD_CHECKPOINT' }));
  });

  it('is refused when it is not UTF-8', () => {
    expect(() => parseAddCheckpoint(Uint8Array.of(0x6f, 0xff, 0x0a, 0x0a))).toThrow(expect.objectContaining({ code: 'ERR_ADD_CHECKPOINT' }));
  });
});
