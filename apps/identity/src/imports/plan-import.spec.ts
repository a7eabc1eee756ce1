import { describe, expect, it } from 'vitest';
import { foundIdentity, importDefaults, type FoundIdentity } from '@sallyport/platform-bus';
import { binding, inventoryOf, issuer, machine, person, raw } from '../testing/documents.ts';
import { machineName, machineNameOf } from './machine-name.ts';
import { planImport } from './plan-import.ts';

const github = raw('Issuer', 'gh', { issuer: 'https://token.actions.githubusercontent.com', provider: 'github', trusts: ['machines'], keys: { discovery: true }, algorithms: ['RS256'], audiences: ['sallyport'] });
const people = [issuer(), person('alice', { directoryIds: ['a-1', 'alice@bank.example'] }), person('bob', { directoryIds: ['b-1'] }), person('carl', { active: false, directoryIds: ['c-1'] }), person('dora', { directoryIds: ['twice'] }), person('emil', { directoryIds: ['twice'] })];
const house = (...more: Parameters<typeof inventoryOf>) => inventoryOf(...people, github, ...more);

const claims = (repository: string, environment = 'production') => ({ repository_id: repository, repository_owner_id: '7', environment });
const one = (over: Partial<Record<keyof FoundIdentity, unknown>> = {}): FoundIdentity =>
  foundIdentity.parse({ ref: 'acme/app', stable: '1', name: 'acme/app', kind: 'ci', owners: ['a-1'], backupOwners: ['b-1'], facts: { environment: 'production', criticality: 'low' }, binding: { issuer: 'gh', audience: null, claims: claims('1') }, ...over });
const none = importDefaults.parse({ owner: null, backupOwner: null, environment: null, criticality: null, reviewBy: null, team: null });

const plan = (found: readonly FoundIdentity[], inventory = house(), over: Partial<Parameters<typeof planImport>[1]> = {}) => planImport(inventory, { source: 'github', found, defaults: none, origins: new Map(), today: '2026-11-23', ...over });
const outcomes = (...args: Parameters<typeof plan>) => plan(...args).imported.map((imported) => (imported.kind === 'draft' ? `draft ${imported.document.metadata.name}` : imported.kind === 'known' ? `known ${imported.machine}` : `refused ${imported.code}`));

describe('an import', () => {
  it('drafts what it found, with exact claims, an owner, a backup and a first review, and activates nothing', () => {
    const [imported] = plan([one()]).imported;
    if (imported?.kind !== 'draft') throw new Error(JSON.stringify(imported));
    expect(imported.document).toMatchObject({
      metadata: { name: 'acme-app' },
      spec: { state: 'draft', owner: 'alice', backupOwner: 'bob', reviewBy: '2027-02-21', purpose: expect.stringContaining('say what it is for'), bindings: [{ issuer: 'gh', audience: 'sallyport', claims: claims('1') }] },
    });
  });

  it('finds again what it drafted, by the stable id, whatever it is called by now', () => {
    const inventory = house(machine('acme-app', { state: 'draft', bindings: [] }));
    expect(outcomes([one({ name: 'acme/renamed' })], inventory, { origins: new Map([['1', 'acme-app']]) })).toEqual(['known acme-app']);
    expect(outcomes([one({ name: 'acme/renamed' })], inventory, { origins: new Map([['1', 'removed-since']]) })).toEqual(['draft acme-renamed']);
  });

  it('knows who is bound already, by claims that never change hands, and drafts nothing that could be somebody else’s token', () => {
    const bound = (state: string, more: object) => house(machine('deploy', { state, bindings: [{ name: 'b', issuer: 'gh', audience: 'sallyport', claims: more }] }));
    expect(outcomes([one()], bound('active', claims('1')))).toEqual(['known deploy']);
    expect(outcomes([one()], bound('active', { repository_id: '1', repository_owner_id: '7', ref: 'refs/heads/main' }))).toEqual(['known deploy']);
    expect(outcomes([one()], bound('retired', claims('1')))).toEqual(['known deploy']);
    expect(outcomes([one()], bound('active', claims('1', 'test')))).toEqual(['draft acme-app']);
    expect(outcomes([one()], bound('active', claims('2')))).toEqual(['draft acme-app']);
    const wide = { issuer: 'gh', audience: null, claims: { repository_id: '1', repository_owner_id: '7', ref: 'refs/heads/main' } };
    expect(outcomes([one(), one({ stable: '2', ref: 'again', binding: wide })])).toEqual(['draft acme-app', 'refused binding-overlap']);
  });

  it('matches owners by name or directory id, the first who is here first, exactly', () => {
    const owners = (found: Partial<FoundIdentity>) => plan([one(found)]).imported.map((imported) => (imported.kind === 'draft' ? [imported.document.spec.owner, imported.document.spec.backupOwner].join() : imported.kind === 'refused' ? imported.code : ''));
    expect(owners({ owners: ['bob'], backupOwners: ['alice'] })).toEqual(['bob,alice']);
    expect(owners({ owners: ['alice@bank.example', 'b-1'], backupOwners: [] })).toEqual(['alice,bob']);
    expect(owners({ owners: ['c-1', 'nobody', 'a-1'], backupOwners: ['a-1', 'b-1'] })).toEqual(['alice,bob']);
    expect(owners({ owners: ['ALICE'], backupOwners: ['bob'] })).toEqual(['owner-unknown']);
    expect(owners({ owners: ['c-1'], backupOwners: ['bob'] })).toEqual(['owner-inactive']);
    expect(owners({ owners: ['twice'], backupOwners: ['bob'] })).toEqual(['owner-ambiguous']);
    expect(owners({ owners: [], backupOwners: ['bob'] })).toEqual(['owner-missing']);
    expect(owners({ owners: ['alice'], backupOwners: [] })).toEqual(['backup-missing']);
    expect(owners({ owners: ['alice'], backupOwners: ['alice'] })).toEqual(['backup-missing']);
  });

  it('takes the defaults where the source says nothing, and says what is missing', () => {
    const bare = one({ owners: [], backupOwners: [], facts: {} });
    expect(outcomes([bare], house(), { defaults: { ...none, owner: 'alice', backupOwner: 'bob' } })).toEqual(['refused environment-missing']);
    expect(outcomes([bare], house(), { defaults: { ...none, owner: 'alice', backupOwner: 'bob', environment: 'test' } })).toEqual(['refused criticality-missing']);
    expect(outcomes([bare], house(), { defaults: { ...none, owner: 'alice', backupOwner: 'bob', environment: 'test', criticality: 'low' } })).toEqual(['draft acme-app']);
  });

  it('refuses what the linter refuses, by its code, and hinders no other row', () => {
    const bad = { issuer: 'gh', audience: null, claims: { repository: 'acme/app' } };
    const found = [one({ stable: '2', name: 'bad', binding: bad }), one(), one({ stable: '3', name: 'pattern', binding: { issuer: 'gh', audience: null, claims: { ...claims('3'), environment: '*' } } }), one({ stable: '4', name: 'foreign', binding: { issuer: 'gh', audience: 'other', claims: claims('4') } }), one({ stable: '5', name: 'nobody', binding: { issuer: 'none', audience: null, claims: claims('5') } }), one({ ref: 'twice', name: 'x' })];
    expect(outcomes(found)).toEqual(['refused binding-no-immutable-claim', 'draft acme-app', 'refused binding-wildcard', 'refused binding-audience-foreign', 'refused binding-issuer-unknown', 'refused found-twice']);
    expect(outcomes([one({ facts: { environment: 'prod', criticality: 'low' } })])).toEqual(['refused document']);
    expect(outcomes([one({ facts: { environment: 'production', criticality: 'low', purpose: 'short' } })])).toEqual(['refused document']);
  });

  it('gives names that are ours, and tells namesakes apart by their stable ids', () => {
    expect(outcomes([one({ name: 'nightly' }), one({ stable: '2', name: 'Nightly', binding: null })], house(machine('nightly')))).toEqual([`draft ${machineNameOf('nightly', '1')}`, `draft ${machineNameOf('nightly', '2')}`]);
    expect(machineName('Ärger & Söhne: Übertragung (Prod)')).toBe('arger-sohne-ubertragung-prod');
    expect(machineName('***')).toBe('');
    expect(machineName('-'.repeat(10) + 'x'.repeat(100))).toHaveLength(63);
    expect(machineNameOf('x'.repeat(100), 's')).toMatch(/^x{54}-[0-9a-f]{8}$/);
    expect(outcomes([one({ name: '***', binding: null })])).toEqual([`draft ${machineNameOf('***', '1')}`]);
  });

  it('knows a row of a file by its name, too', () => {
    expect(outcomes([one({ name: 'nightly', binding: null })], house(machine('nightly')), { source: 'csv' })).toEqual(['known nightly']);
  });

  it('is not stopped by what is wrong with others already', () => {
    const lapsed = house(machine('old', { state: 'active', reviewBy: '2026-01-01', bindings: [binding({ workload_id: 'old' })] }));
    expect(outcomes([one()], lapsed)).toEqual(['draft acme-app']);
  });
});
