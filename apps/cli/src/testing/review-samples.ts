import { longName, longOwner } from './machine-samples.ts';

/** Answers of the API about reviews, as big as they get. */
export const campaign = {
  id: '0198c0de-0000-7000-8000-0000000000c1', title: 'quarterly review of critical machines in treasury operations and correspondent banking', state: 'open', scope: 'machines of criticality critical of team Treasury Operations', opened: '2026-11-01T09:00:00.000Z',
  openedBy: 'ada.auditor', due: '2026-11-30T09:00:00.000Z', stops: '2026-12-07T09:00:00.000Z', closed: null, items: 48, waiting: 31, overdue: 2, kept: 12, narrowed: 3, revoked: 1, stopped: 0, gone: 1,
};

export const item = {
  id: '0198c0de-0000-7000-8000-0000000000e1', campaign: campaign.id, state: 'waiting', machine: longName, owner: longOwner, criticality: 'critical', entitlement: '0198c0de-0000-7000-8000-0000000000f1', entitlementUntil: '2027-03-31T00:00:00.000Z',
  target: 'settlement-ledger-production-eu-west-1', role: 'settlement_writer', granted: ['settlement-read', 'settlement-maintenance-window-on-the-archived-partitions-of-all-correspondent-banks', 'settlement-write'],
  unused: ['settlement-maintenance-window-on-the-archived-partitions-of-all-correspondent-banks'],
  used: [
    { verb: 'read', object: 'settlement.correspondent_positions', commands: 184_203, denied: 0, last: '2026-11-22T01:02:03.000Z' },
    { verb: 'define', object: 'settlement.correspondent_positions_2026_11_archive_partition_of_the_eu_region', commands: 1, denied: 1, last: '2026-10-30T14:00:00.000Z' },
  ],
  usedCount: 61, lastUsed: '2026-11-22T01:02:03.000Z', reviewers: ['ann', 'bob', 'priya.raghunathan'], assigned: null, due: campaign.due, stops: campaign.stops, overdue: false, reviewBy: '2027-01-31', nextReview: '2026-12-31', decided: null, policy: null, enforced: null,
};

export const idle = { ...item, id: '0198c0de-0000-7000-8000-0000000000e2', machine: 'report', owner: 'olga', criticality: 'low', entitlement: null, entitlementUntil: null, target: null, role: null, granted: [], unused: [], used: [], usedCount: 0, lastUsed: null, reviewers: [] };

export const policy = { name: 'narrowed-nightly-on-ledger-db.cedar', text: '// Narrows what is permitted to what was used.\n\n@id("nightly.narrowed.ledger-db.read")\nforbid (principal == Machine::"nightly", action == Action::"read", resource in Target::"ledger-db")\nunless { [Object::"ledger-db/ledger.customers"].contains(resource) };\n' };
export const narrowed = { ...idle, machine: 'nightly', target: 'ledger-db', state: 'narrowed', decided: { by: 'ann', at: '2026-11-23T10:00:00.000Z', reason: 'reads customers only' }, policy };
