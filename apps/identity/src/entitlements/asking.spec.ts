import { describe, expect, it } from 'vitest';
import { approvers, base, inventoryOf, machine, raw, target, type Raw } from '../testing/documents.ts';
import { readAccessForm } from './access-form.ts';
import { bindingOf, lasting, shapeOf, termsOf, textFor, type Asked } from './asking.ts';

const path = (name: string, spec: Record<string, unknown> = {}) => raw('AccessPath', name, { machines: ['m'], target: 'db', approvers: [{ group: 'dba' }], ...spec });
const house = (...more: Raw[]) => inventoryOf(...base(), approvers('dba', ['bob']), target('db'), machine('m', { groups: ['jobs'] }), machine('s', { state: 'suspended' }), raw('Group', 'jobs', { purpose: 'jobs' }), ...more);
const asked = (change: Partial<Asked> = {}): Asked => ({ machine: 'm', target: 'db', role: null, kind: 'jit', seconds: null, uses: null, reason: 'month end', requester: 'machine:m', byConnecting: false, source: '10.0.0.1', ...change });
const terms = (of: Partial<Asked>, ...paths: Raw[]) => {
  const found = termsOf(asked(of), house(...paths));
  return 'code' in found ? found.code : { path: found.path.metadata.name, seconds: found.seconds, uses: found.uses, quorum: found.quorum };
};

describe('asking for access', () => {
  it('needs a path from this machine to this target in this role', () => {
    expect(terms({})).toBe('no-path');
    expect(terms({}, path('p'))).toEqual({ path: 'p', seconds: 28_800, uses: null, quorum: [{ group: 'dba', count: 1 }] });
    expect(terms({}, path('p', { machines: [], groups: ['jobs'] }))).toMatchObject({ path: 'p' });
    expect(terms({ role: 'a' }, path('p'))).toBe('no-path');
    expect(terms({}, path('p', { roles: ['a'] }))).toBe('no-path');
    expect(terms({ role: 'a' }, path('p', { roles: ['a', 'b'] }))).toMatchObject({ path: 'p' });
    expect(terms({ machine: 's', requester: 'machine:s' }, path('p', { machines: ['s'] }))).toBe('machine-not-active');
    expect(terms({ target: 'none' }, path('p'))).toBe('no-target');
  });

  it('is for no longer and no more sessions than a path lets; of several the first that fits is taken', () => {
    expect(terms({ seconds: 7200 }, path('p', { longest: '1h' }))).toBe('too-long');
    expect(terms({ seconds: 7200 }, path('p', { longest: '1h' }), path('q', { longest: '2h' }))).toMatchObject({ path: 'q', seconds: 7200 });
    expect(terms({ uses: 3 }, path('p', { uses: 2 }))).toBe('too-many-uses');
    expect(terms({}, path('p', { uses: 2 }))).toMatchObject({ uses: 2 });
    expect(terms({ uses: 1 }, path('p', { uses: 2 }))).toMatchObject({ uses: 1 });
  });

  it('by connecting is for paths that say so', () => {
    expect(terms({ byConnecting: true }, path('p'))).toBe('no-path');
    expect(terms({ byConnecting: true }, path('p', { onConnect: 'ask' }))).toMatchObject({ path: 'p' });
  });

  it('in an emergency is for paths that say so, by the machine itself only where they say that, too', () => {
    const glass = (spec: Record<string, unknown> = {}) => path('p', { breakGlass: { group: 'dba', ...spec } });
    expect(terms({ kind: 'break-glass' }, path('p'))).toBe('no-path');
    expect(terms({ kind: 'break-glass' }, glass())).toBe('no-path');
    expect(terms({ kind: 'break-glass', requester: 'person:bob' }, glass())).toEqual({ path: 'p', seconds: 3600, uses: null, quorum: [{ group: 'dba', count: 2 }] });
    expect(terms({ kind: 'break-glass' }, glass({ byMachine: true, count: 0, longest: '10m' }))).toEqual({ path: 'p', seconds: 600, uses: null, quorum: [] });
    expect(terms({ kind: 'break-glass', requester: 'person:bob', seconds: 3601 }, glass())).toBe('too-long');
  });

  it('is agreed to as it stands: another time, place, path or reason is another thing', () => {
    const request = { id: 'r', kind: 'jit' as const, path: 'p', path_version: 1, machine: 'm', target: 'db', role: null, seconds: 3600, uses: null, reason: 'month end', requester: 'machine:m' };
    const others = [{ seconds: 3601 }, { target: 'dc' }, { role: 'a' }, { uses: 1 }, { path_version: 2 }, { reason: 'year end' }, { kind: 'break-glass' as const }, { requester: 'person:bob' }, { id: 's' }];
    expect(new Set([request, ...others.map((change) => ({ ...request, ...change }))].map(bindingOf)).size).toBe(others.length + 1);
    expect(shapeOf(request)).toBe('access of m to db for 1 h');
    const text = textFor({ ...request, source: '10.0.0.1', by_connecting: true }, house());
    for (const part of ['closes the books of the day', 'owner alice', 'month end', '10.0.0.1, by connecting', 'for       1 h']) expect(text).toContain(part);
  });

  it.each([[45, '45 s'], [60, '1 min'], [5400, '90 min'], [7200, '2 h'], [172_800, '2 d']])('%i s are %s', (seconds, text) => expect(lasting(seconds)).toBe(text));
});

describe('the form of asking', () => {
  const form = (fields: Record<string, string>) => readAccessForm('application/x-www-form-urlencoded', new URLSearchParams(fields).toString());
  const good = { target: 'reporting@db', reason: 'month end closing' };

  it('is a form or JSON', () => {
    const read = { token: null, target: 'db', role: 'reporting', seconds: 3600, uses: 2, reason: 'month end closing', breakGlass: false };
    expect(form({ ...good, seconds: '3600', uses: '2' })).toEqual(read);
    expect(readAccessForm('application/json; charset=utf-8', JSON.stringify({ target: 'db', role: 'reporting', seconds: 3600, uses: 2, reason: good.reason, break_glass: false }))).toEqual(read);
  });

  it.each([
    [{ ...good, second: '60' }, 'second is not known'], [{ ...good, seconds: '1e3' }, 'seconds'], [{ ...good, uses: '0' }, 'uses'], [{ ...good, role: 'other' }, 'differ'], [{ target: '*', reason: good.reason }, 'target'],
    [{ target: 'db' }, 'reason'], [{ ...good, break_glass: 'yes' }, 'break_glass'],
  ])('refuses %o', (fields, say) => expect(() => form(fields)).toThrow(say));

  it.each([['text/plain', 'x'], ['application/json', '{'], ['application/json', '[]'], ['application/json', '{"target":{}}'], ['application/x-www-form-urlencoded', 'target=a&target=b']])('refuses %s %s', (type, body) => expect(() => readAccessForm(type, body)).toThrow());
});
