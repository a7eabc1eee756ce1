/** Answers of the API about machines and people, as big as they get. */
export const longName = 'nightly-settlement-reconciliation-for-the-correspondent-banks-eu';
export const longOwner = 'maximiliane.von-hohenstaufen-oettingen.contractor.example-bank';

export const transfer = {
  id: '0198c0de-0000-7000-8000-0000000000a1', newOwner: 'priya.raghunathan', backupOwner: 'tom.okafor', previousOwner: longOwner, reason: 'the owner left; case 4711', requestedBy: 'ines.operator', requested: '2026-11-20T16:00:20.000000Z', state: 'requested',
  accepted: null, ended: null, agreed: [],
};

export const machine = {
  name: longName, version: 7, kind: 'batch', purpose: 'reconciles the settlement files of the correspondent banks with the ledger each night, and tells treasury what differs before the desks open at six', team: 'Treasury Operations',
  businessService: 'Settlement', environment: 'production', criticality: 'critical', groups: ['batch', 'settlement-writers'], reviewBy: '2027-01-31', vendor: { name: 'Arkwright & Daughters Consulting GmbH', contractEnd: '2026-11-20' },
  owner: longOwner, backupOwner: 'tom.okafor', ownerGone: '2026-11-20T16:00:00.000000Z', backupGone: null, state: 'suspended', documentState: 'active',
  held: [
    { cause: 'owner-gone', state: 'suspended', why: `its owner ${longOwner} is no longer active`, since: '2026-11-20T16:00:12.000000Z', until: null },
    { cause: 'review', state: 'attention', why: 'its review was due on 2026-10-31', since: '2026-11-01T00:00:00.000000Z', until: null },
  ],
  transfer,
  usage: {
    firstUsed: '2025-02-03T01:00:04.000000Z', lastUsed: '2026-11-20T01:00:09.000000Z', sources: ['10.20.30.40', '10.20.30.41', '2001:db8:85a3::8a2e:370:7334'], doors: ['postgres', 'ssh'], clients: ['', 'pgbouncer 1.24', 'settlement-runner/4.18.2 (linux)'],
    bindings: [{ binding: 'kubernetes', firstUsed: '2025-02-03T01:00:04.000000Z', lastUsed: '2026-11-20T01:00:09.000000Z' }],
  },
  bindings: [
    { name: 'kubernetes', issuer: 'cluster-eu-west-1', audience: 'https://sallyport.bank.example', claims: { 'kubernetes.io.serviceaccount.uid': '3b1f8f0a-2d57-4c4b-8f3a-2c0f0a9e4f11', 'kubernetes.io.namespace': 'settlement-production' }, replay: 'bind_first' },
    { name: 'github', issuer: 'github-actions', audience: 'sallyport', claims: { repository_id: 123456789, environment: 'production' }, replay: 'single_use' },
  ],
};
export const calm = { ...machine, name: 'report', criticality: 'low', owner: 'olga', ownerGone: null, state: 'active', held: [], transfer: null, usage: null, vendor: null };

export const machineShown = {
  machine,
  versions: [{ version: 7, change: 'updated', digest: 'a'.repeat(64), author: 'priya.raghunathan, tom.okafor', at: '2026-10-02T09:30:00.000000Z' }, { version: 6, change: 'created', digest: 'b'.repeat(64), author: 'ada.admin', at: '2025-02-01T09:30:00.000000Z' }],
  statuses: [
    { at: '2026-11-20T16:00:12.000000Z', cause: 'owner-gone', state: 'suspended', why: `its owner ${longOwner} is no longer active`, since: '2026-11-20T16:00:12.000000Z', until: null, person: longOwner, by: 'identity' },
    { at: '2026-11-01T00:00:00.000000Z', cause: 'review', state: 'attention', why: 'its review was due on 2026-10-31', since: '2026-11-01T00:00:00.000000Z', until: null, person: null, by: 'identity' },
  ],
  transfers: [transfer, { ...transfer, id: '0198c0de-0000-7000-8000-0000000000a0', state: 'done', requested: '2025-06-01T08:00:00.000000Z', accepted: '2025-06-01T09:00:00.000000Z', ended: '2025-06-02T09:00:00.000000Z', agreed: [{ person: 'ada.admin', groups: [], at: '2025-06-02T09:00:00.000000Z' }] }],
};

export const person = {
  name: longOwner, displayName: 'M. von Hohenstaufen-Oettingen', roles: ['operator', 'approver'], groups: ['settlement'], employment: 'contractor', contractEnd: '2026-11-20', directoryIds: ['00u1a2b3c4'], gone: { since: '2026-11-20T16:00:00.000000Z', source: 'scim' },
  words: [{ source: 'scim', change: 'left', at: '2026-11-20T16:00:00.000000Z' }], machines: 12,
};
export const here = { ...person, name: 'olga', roles: [], contractEnd: null, gone: null, machines: 3 };
