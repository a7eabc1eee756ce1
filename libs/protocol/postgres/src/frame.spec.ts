import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isLargeBackend, isLargeFrontend, messageRule, messageRules, treatmentOf } from './frame.ts';

const code = (type: string) => type.charCodeAt(0);

describe('the message table', () => {
  it('has every type byte of protocol 3.2, each once', () => {
    const bytes = (side: string) => messageRules.filter((r) => r.side === side && r.type !== '').map((r) => r.type).sort().join('');
    expect(bytes('frontend')).toBe('BCDEFHPQSXcdfp');
    expect(bytes('backend')).toBe('123ACDEGHIKNRSTVWZcdnstv');
  });

  it('refuses every byte that is not in it', () => {
    const known = { frontend: new Set('BCDEFHPQSXcdfp'), backend: new Set('123ACDEGHIKNRSTVWZcdnstv') };
    for (const side of ['frontend', 'backend'] as const) {
      for (let type = 0; type < 256; type++) {
        if (known[side].has(String.fromCharCode(type))) continue;
        expect(treatmentOf(side, type)).toBe('refused');
        expect(messageRule(side, type)).toBeNull();
      }
    }
  });

  it('refuses FunctionCall and what only replication has', () => {
    expect(treatmentOf('frontend', code('F'))).toBe('refused');
    expect(treatmentOf('backend', code('W'))).toBe('refused');
    expect(treatmentOf('backend', code('V'))).toBe('refused');
  });

  it('lets only messages with the user’s text or values be large', () => {
    const large = (test: (type: number) => boolean) => Array.from({ length: 256 }, (_, i) => i).filter(test).map((i) => String.fromCharCode(i)).join('');
    expect(large(isLargeFrontend)).toBe('BFPQd');
    expect(large(isLargeBackend)).toBe('ADENTVdt');
  });

  it('is what the README says, row for row', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const rows = readme.split('\n').filter((line) => /^\| (client|target) \|/.test(line));
    expect(rows).toEqual(messageRules.map((r) => `| ${r.side === 'frontend' ? 'client' : 'target'} | ${r.type === '' ? '–' : `\`${r.type}\``} | ${r.name} | ${r.treatment} | ${r.size} | ${r.why} |`));
  });
});
