import { expect, it } from 'vitest';
import { groupsOf, unanswerable, type People } from './eligible.ts';

const people: People = {
  members: (group) => ({ dba: ['alice', 'bob', 'olga', 'gone'], security: ['alice'] })[group] ?? [],
  active: (person) => person !== 'gone',
};

it('belongs to the groups that were asked for and that list him', () => {
  expect(groupsOf(people, 'alice', [{ group: 'dba', count: 1 }, { group: 'security', count: 1 }])).toEqual(['dba', 'security']);
  expect(groupsOf(people, 'bob', [{ group: 'security', count: 1 }])).toEqual([]);
});
it('belongs to none when inactive, though still listed', () => expect(groupsOf(people, 'gone', [{ group: 'dba', count: 1 }])).toEqual([]));
it('is answerable when enough active people besides the owner are there', () => {
  expect(unanswerable(people, [{ group: 'dba', count: 2 }], 'olga')).toBeNull();
  expect(unanswerable(people, [{ group: 'dba', count: 1 }, { group: 'security', count: 1 }], 'olga')).toBeNull();
});
it('says which group is too small', () => {
  expect(unanswerable(people, [{ group: 'dba', count: 3 }], 'olga')).toBe('the quorum cannot be met: 3 of dba (2 active besides the owner)');
  expect(unanswerable(people, [{ group: 'security', count: 1 }], 'alice')).toContain('1 of security (0 active');
  expect(unanswerable(people, [{ group: 'nobody', count: 1 }], 'olga')).toContain('1 of nobody (0 active');
});
