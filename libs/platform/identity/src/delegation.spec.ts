import { describe, expect, it } from 'vitest';
import { actorsOf } from './delegation.ts';

describe('on whose behalf', () => {
  it('is told from the acting party back, issuer and subject', () => {
    expect(actorsOf({ act: { iss: 'https://agents.example', sub: 'planner', act: { sub: 'orchestrator' } } })).toEqual(['https://agents.example planner', 'orchestrator']);
    expect(actorsOf({})).toEqual([]);
    for (const act of [null, 'x', [], 7]) expect(actorsOf({ act })).toEqual([]);
    expect(actorsOf({ act: {} })).toEqual(['unnamed']);
  });

  it('names no person by mail address, and is bounded in depth and length', () => {
    expect(actorsOf({ act: { sub: 'alice@bank.example' } })[0]).toMatch(/^sha256:[0-9a-f]{32}$/);
    let act: Record<string, unknown> = { sub: 'last' };
    for (let i = 0; i < 10_000; i++) act = { sub: `s${i}`, act };
    expect(actorsOf({ act })).toHaveLength(6);
    expect(actorsOf({ act }).at(-1)).toBe('…');
    expect(actorsOf({ act: { sub: `x\n\u0000${'y'.repeat(10_000)}` } })[0]).toHaveLength(200);
    expect(actorsOf({ act: { sub: 'a\nb' } })).toEqual(['a�b']);
  });
});
