import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMasker } from './masker.ts';

const plan = { id: 'p', target: 't', columns: [], detectors: ['card', 'ssn', 'iban', 'email', 'phone'] as const, large: [] };
const made = (kind: 'terminal' | 'output' = 'output') => {
  const mask = createMasker(plan, Buffer.alloc(32)).stream?.('stdout', kind);
  if (mask === undefined) throw new Error('a masker with a plan has streams');
  return mask;
};
function shown(pieces: readonly (string | Uint8Array)[], idle = false, kind: 'terminal' | 'output' = 'output'): string {
  const mask = made(kind);
  const out: Buffer[] = [];
  for (const piece of pieces) {
    out.push(Buffer.from(mask.push(Buffer.from(piece))));
    if (idle) out.push(Buffer.from(mask.idle()));
  }
  out.push(Buffer.from(mask.flush()));
  return Buffer.concat(out).toString();
}
const values = ['4111 1111 1111 1111', '4111111111111111', '378282246310005', '078-05-1120', 'GB82 WEST 1234 5698 7654 32', 'DE89370400440532013000', 'alice.smith@example.com', '+49 30 123456789', '(212) 555-0123', '212-555-0123'];

describe('masks of a text in pieces', () => {
  it.each(values)('find %s wherever it is cut, as in one piece', (value) => {
    const text = `name: it is ${value} of him\nnext line 17\n`;
    const whole = shown([text]);
    expect(whole).not.toContain(value);
    for (let at = 0; at <= text.length; at++) expect(shown([text.slice(0, at), text.slice(at)])).toBe(whole);
    expect(shown([...text])).toBe(whole);
    expect(shown([...text], false, 'terminal')).not.toContain(value);
  });

  it.each(values)('find %s with escapes of a terminal in it', (value) => {
    for (let at = 1; at < value.length; at++) {
      for (const escape of ['\x1b[0m', '\x1b[1;31m', '\x1b]0;title\x07', '\x1b(B', '\0', 'x\b']) {
        const said = shown([`is ${value.slice(0, at)}${escape}${value.slice(at)} ok\n`]);
        expect(said.replaceAll(escape, '')).not.toContain(value);
        expect(said).toMatch(/^is .*\*.* ok\n$/s);
      }
    }
  });

  it.each(values)('hide the rest of %s when it comes with pauses', (value) => {
    const said = shown([...`is ${value} ok\n`], true);
    expect(said).not.toContain(value);
    expect(said).toContain('*');
  });

  it('leave everything else as it came, byte for byte', () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (pieces) => {
      const bytes = Buffer.concat(pieces);
      const mask = made();
      const out = Buffer.concat([...pieces.map((piece) => Buffer.from(mask.push(piece))), Buffer.from(mask.flush())]);
      if (mask.counts().length === 0) expect(out.equals(bytes)).toBe(true);
    }));
  });

  it('hold back little, and nothing of a prompt', () => {
    for (const prompt of ['user@host:~$ ', 'Password: ', 'root@box# ', '> ', 'Continue? [y/N] ']) {
      const mask = made('terminal');
      expect(Buffer.from(mask.push(Buffer.from(prompt))).toString()).toBe(prompt);
    }
    const mask = made();
    mask.push(Buffer.alloc(100_000, '1234567 '));
    expect(mask.held).toBeLessThanOrEqual(128);
  });

  it('count what they hid, without values', () => {
    const mask = made();
    mask.push(Buffer.from('a 4111 1111 1111 1111 b\n078-05-1120 x\n'));
    mask.flush();
    expect(mask.counts()).toMatchObject([{ column: 'stdout', tag: 'pci.pan', cells: 1 }, { column: 'stdout', tag: 'us.ssn', cells: 1 }]);
  });
});
