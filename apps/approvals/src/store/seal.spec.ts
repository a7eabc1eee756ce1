import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TextSeal } from './seal.ts';

const seal = new TextSeal(randomBytes(32));
const of = { approval: '0198', part: 'text' } as const;

describe('a sealed text', () => {
  it('opens as what was sealed', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()), (text) => {
      expect(seal.open(seal.seal(text, of), of)).toBe(text);
    }));
  });
  it('does not contain the text, and differs each time', () => {
    const once = seal.seal('delete from ledger.customers', of);
    expect(once.includes('customers')).toBe(false);
    expect(once.equals(seal.seal('delete from ledger.customers', of))).toBe(false);
  });
  it('does not open as another part or another approval', () => {
    const sealed = seal.seal('x', of);
    expect(() => seal.open(sealed, { approval: '0198', part: 'parameters' })).toThrow('changed');
    expect(() => seal.open(sealed, { approval: '0199', part: 'text' })).toThrow('changed');
  });
  it('does not open with any bit changed', () => {
    const sealed = seal.seal('grant all', of);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const bad = Buffer.from(sealed);
      bad.writeUInt8(bad.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(() => seal.open(bad, of)).toThrow();
    }
  });
  it('says when the key is another', () => expect(() => new TextSeal(randomBytes(32)).open(seal.seal('x', of), of)).toThrow('another key'));
  it('wants a whole key', () => expect(() => new TextSeal(randomBytes(16))).toThrow('32 bytes'));
});
