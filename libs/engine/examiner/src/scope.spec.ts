import { describe, expect, it } from 'vitest';
import { leavesInScope, parseScope, ScopeError, scopeText } from './scope.ts';
import { factsOf } from './testing/examine-story.ts';
import { governedStory } from './testing/governed-story.ts';
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

describe('a scope and how machines are governed', () => {
  const facts = factsOf(governedStory());
  const namesIn = (scope: string, type: string) => {
    const inside = leavesInScope(facts, parseScope(scope));
    return new Set(facts.filter((fact) => fact.type === type && inside.has(fact.leaf)).map((fact) => Reflect.get(fact.d, 'machine')));
  };
  it('holds what is recorded, granted and reviewed of its machine, and not of others', () => {
    for (const type of ['nhi.recorded', 'entitlement.granted', 'review.item']) expect(namesIn('machine=nightly', type)).toEqual(new Set(['nightly']));
    expect(namesIn('target=ledger-db', 'nhi.recorded').size).toBe(4);
    expect(namesIn('target=other', 'entitlement.granted')).toEqual(new Set());
  });
  it('holds people who left, campaigns and changes whatever it is', () => {
    const inside = leavesInScope(facts, parseScope('machine=nobody'));
    for (const type of ['person.left', 'signal.received', 'review.opened', 'change.proposed', 'change.approved']) expect(facts.some((fact) => fact.type === type && inside.has(fact.leaf))).toBe(true);
    const asked = facts.filter((fact) => fact.type === 'approval.requested' && inside.has(fact.leaf)).map((fact) => Reflect.get(fact.d, 'approval'));
    expect(asked).toEqual(['a-change-1', 'a-change-2']);
  });
});
