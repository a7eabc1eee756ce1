import { describe, expect, it } from 'vitest';
import { actorsOf, chainLength, mayAct } from './delegation.ts';

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

describe('may_act', () => {
  const actor = { iss: 'https://idp.example', sub: 'agent', client_id: 'c-1', level: 3, act: { sub: 'x' } };
  it.each([
    ['nothing said', {}, true],
    ['the actor’s sub, at the subject’s own issuer', { may_act: { sub: 'agent' } }, true],
    ['issuer and sub', { may_act: { iss: 'https://idp.example', sub: 'agent' } }, true],
    ['another claim', { may_act: { client_id: 'c-1' } }, true],
    ['several, all of which must fit', { may_act: { sub: 'agent', client_id: 'c-2' } }, false],
    ['somebody else', { may_act: { sub: 'other' } }, false],
    ['the same sub at another issuer', { iss: 'https://other.example', may_act: { sub: 'agent' } }, false],
    ['another issuer by name', { may_act: { iss: 'https://other.example', sub: 'agent' } }, false],
    ['an issuer without anybody', { may_act: { iss: 'https://idp.example' } }, false],
    ['nobody', { may_act: {} }, false],
    ['a list', { may_act: [{ sub: 'agent' }] }, false],
    ['null', { may_act: null }, false],
    ['a text', { may_act: 'agent' }, false],
    ['a number as a text', { may_act: { sub: 'agent', level: '3' } }, false],
    ['an inherited name', { may_act: { toString: 'x' } }, false],
    ['a structure', { may_act: { act: { sub: 'x' } } }, false],
  ])('with %s', (_what, claims, answer) => {
    expect(mayAct({ iss: 'https://idp.example', sub: 'alice', ...claims }, actor)).toBe(answer);
  });
});

it('counts how many act within each other, and no further than is asked', () => {
  expect([chainLength({}, 4), chainLength({ act: 'x' }, 4), chainLength({ act: {} }, 4), chainLength({ act: { act: { act: {} } } }, 4)]).toEqual([0, 0, 1, 3]);
  let act: Record<string, unknown> = {};
  for (let i = 0; i < 10_000; i++) act = { act };
  expect(chainLength({ act }, 4)).toBe(5);
});
