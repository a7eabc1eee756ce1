import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMasker } from './index.ts';
import { key, plan } from './testing/plan.ts';
import { TokenKeyError, Tokens } from './token.ts';

const of = (tokens: Tokens, tag: string, value: string) => {
  const bytes = Buffer.from(`##${value}##`);
  return Buffer.from(tokens.of(tag, bytes, 2, bytes.length - 2)).toString();
};

function expected(secret: Buffer, tag: string, value: string): string {
  const bits = [...createHmac('sha256', secret).update(`${tag}\0`).update(value).digest()].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return `tok_${Array.from({ length: 20 }, (_, i) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(bits.slice(i * 5, i * 5 + 5), 2)]).join('')}`;
}

describe('tokens', () => {
  it('are the first 100 bits of HMAC-SHA-256 over tag, zero and value', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 100 }), fc.constantFrom('us.ssn', 'pci.pan', `long.${'x'.repeat(600)}`), fc.string({ unit: 'binary', maxLength: 1000 }), (secret, tag, value) => {
        expect(of(new Tokens(secret), tag, value)).toBe(expected(Buffer.from(secret), tag, value.replace(/ +$/, '')));
      }),
    );
  });

  it('are equal for equal values of one tag, and for no other tag, value or key', () => {
    const tokens = new Tokens(key);
    expect(of(tokens, 'us.ssn', '123-45-6789')).toBe(of(tokens, 'us.ssn', '123-45-6789   '));
    expect(of(tokens, 'us.ssn', '123-45-6789')).not.toBe(of(tokens, 'us.itin', '123-45-6789'));
    expect(of(tokens, 'us.ssn', '123-45-6789')).not.toBe(of(tokens, 'us.ssn', '123-45-6780'));
    expect(of(tokens, 'us.ssn', '123-45-6789')).not.toBe(of(new Tokens(Buffer.alloc(32, 8)), 'us.ssn', '123-45-6789'));
  });

  it('are not made with a short key', () => {
    expect(() => new Tokens(Buffer.alloc(31))).toThrow(TokenKeyError);
    const rule = { column: 'a.b.c', tag: 'us.ssn', action: 'token' } as const;
    expect(() => createMasker(plan([rule]), Buffer.alloc(0))).toThrow(TokenKeyError);
    expect(() => createMasker(plan([{ ...rule, action: 'redact' }]), Buffer.alloc(0))).not.toThrow();
  });
});
