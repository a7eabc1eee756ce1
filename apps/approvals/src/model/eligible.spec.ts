import { expect, it } from 'vitest';
import { askers, groupsOf, unanswerable, type Machines, type People } from './eligible.ts';

const people: People = {
  members: (group) => ({ dba: ['alice', 'bob', 'olga', 'gone'], security: ['alice'] })[group] ?? [],
  active: (person) => person !== 'gone',
};
const olga: ReadonlySet<string> = new Set(['olga']);

it('belongs to the groups that were asked for and that list him', () => {
  expect(groupsOf(people, 'alice', [{ group: 'dba', count: 1 }, { group: 'security', count: 1 }])).toEqual(['dba', 'security']);
  expect(groupsOf(people, 'bob', [{ group: 'security', count: 1 }])).toEqual([]);
});
it('belongs to none when inactive, though still listed', () => expect(groupsOf(people, 'gone', [{ group: 'dba', count: 1 }])).toEqual([]));
it('is answerable when enough active people besides the owner are there', () => {
  expect(unanswerable(people, [{ group: 'dba', count: 2 }], olga)).toBeNull();
  expect(unanswerable(people, [{ group: 'dba', count: 1 }, { group: 'security', count: 1 }], olga)).toBeNull();
});
it('says which group is too small', () => {
  expect(unanswerable(people, [{ group: 'dba', count: 3 }], olga)).toBe('the quorum cannot be met: 3 of dba (2 active besides the owner and whoever asks)');
  expect(unanswerable(people, [{ group: 'security', count: 1 }], new Set(['alice']))).toContain('1 of security (0 active');
  expect(unanswerable(people, [{ group: 'nobody', count: 1 }], olga)).toContain('1 of nobody (0 active');
});

it('counts as the one who asks: the named owner, a person who asks, and who owns the machine now', () => {
  const machines: Machines = { machine: (name) => ({ 'ci-deploy': { state: 'active', owner: 'bob' }, nightly: { state: 'suspended', owner: 'zoe' } })[name] ?? null };
  expect([...askers(machines, { owner: 'olga', machine: 'ci-deploy', requester: null })].sort()).toEqual(['bob', 'olga']);
  expect([...askers(machines, { owner: null, machine: null, requester: 'person:alice' })]).toEqual(['alice']);
  expect([...askers(machines, { owner: null, machine: null, requester: 'machine:nightly' })]).toEqual(['zoe']);
  expect([...askers(machines, { owner: 'olga', machine: 'nightly', requester: 'person:a:b' })].sort()).toEqual(['a:b', 'olga', 'zoe']);
  expect([...askers(machines, { owner: 'olga', machine: 'ci-deploy', requester: null, behalf: { kind: 'person', name: 'carol' } })].sort()).toEqual(['bob', 'carol', 'olga']);
  expect([...askers(machines, { owner: 'olga', machine: 'ci-deploy', requester: null, behalf: { kind: 'machine', name: 'nightly' } })].sort()).toEqual(['bob', 'olga', 'zoe']);
  expect([...askers(machines, { owner: null, machine: 'unknown', requester: 'machine:unknown' })]).toEqual([]);
});
