import { describe, expect, it } from 'vitest';
import { leavesInScope, parseScope, ScopeError, scopeText } from './scope.ts';
import { factsOf } from './testing/examine-story.ts';
import { story } from './testing/story.ts';

describe('a scope', () => {
  it('is read as it is written', () => {
    for (const written of ['all', 'machine=nightly', 'machine=nightly,target=ledger-db,environment=production']) expect(scopeText(parseScope(written))).toBe(written);
  });
  it.each(['', 'machine', 'machine=', 'host=x', 'machine=a,machine=b', 'machine=a=b'])('refuses %j', (written) => expect(() => parseScope(written)).toThrow(ScopeError));
  it('of everything holds every leaf', () => expect(leavesInScope(factsOf(story()), parseScope('all')).size).toBe(story().leaves.length));
  it('of a session\'s machine holds the session with its login and approval', () => {
    const facts = factsOf(story());
    expect(leavesInScope(facts, parseScope('machine=nightly,target=ledger-db')).size).toBe(facts.length);
  });
  it('of others holds what the house does, what cannot be placed, and nothing of this session', () => {
    const facts = factsOf(story());
    for (const scope of ['machine=other', 'target=other', 'environment=other']) {
      const inside = leavesInScope(facts, parseScope(scope));
      expect(facts.filter(({ leaf }) => inside.has(leaf)).map(({ type }) => type)).toEqual(['service.started', 'config.changed', 'config.changed', 'policy.activated', 'auth.failed', 'evidence.read', 'service.stopped']);
    }
  });
});
