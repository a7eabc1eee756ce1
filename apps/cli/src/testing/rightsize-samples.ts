import { longName } from './machine-samples.ts';

/** Answers of the API about use and about policies that were tried on it, as big as they get. */
export const usage = {
  machine: longName, from: '2026-10-25', to: '2026-11-23', upTo: 1_204_551, total: 214,
  used: [
    { target: 'settlement-ledger-production-eu-west-1', role: 'settlement_writer', verb: 'read', object: 'settlement.correspondent_positions_of_the_european_correspondent_banks', commands: 184_203, allowed: 184_203, denied: 0, held: 0, first: '2026-10-25T01:00:00.000Z', last: '2026-11-22T01:02:03.000Z' },
    { target: 'bastion', role: '', verb: 'connect', object: '', commands: 31, allowed: 28, denied: 2, held: 1, first: '2026-10-25T01:00:00.000Z', last: '2026-11-22T01:02:03.000Z' },
  ],
};

const session = '0198c0de-0000-7000-8000-00000000000a';
export const file = { name: 'least-nightly.cedar', text: '// The least policy.\n\n@id("nightly.ledger-db.connect.1")\npermit (principal == Machine::"nightly", action == Action::"connect", resource == Target::"ledger-db");\n' };
export const proposal = {
  machine: 'nightly', from: '2026-10-25', to: '2026-11-23', upTo: 1_204_551, digest: 'd'.repeat(64), rules: 1, file, narrowing: { name: 'narrowed-nightly.cedar', text: '// Narrows.\nforbid (principal, action, resource);\n' },
  check: { commands: 184_234, allowed: 184_230, held: 2, denied: 1, undecided: 1, wrong: [] as { say: string; commands: number; example: string }[] },
  left: [{ what: 'read ledger."we ird\u0007"', why: 'its name has characters that no rule may have', commands: 1, example: '' }],
};
export const wrong = { ...proposal, check: { ...proposal.check, wrong: [{ say: 'was allowed and would be denied: read ledger.customers on ledger-db', commands: 12, example: session }] } };

export const simulation = {
  digest: 'd'.repeat(64), from: '2026-10-25', to: '2026-11-23', upTo: 1_204_551, commands: 184_234, distinct: 214, same: 184_000, changed: 230, changes: 502,
  told: [
    { machine: longName, target: 'settlement-ledger-production-eu-west-1', role: 'settlement_writer', from: 'allow', to: 'deny', effects: ['read settlement.correspondent_positions_of_the_european_correspondent_banks', 'write settlement.audit'], commands: 229, rules: ['settlement-read-only-during-the-day'], example: session, last: '2026-11-22T01:02:03.000Z' },
    { machine: 'report', target: 'ledger-db', role: '', from: 'hold', to: 'allow', effects: ['connect'], commands: 1, rules: [], example: session, last: '2026-11-22T01:02:03.000Z' },
  ],
  undecided: [{ rules: ['office-hours-only'], needs: ['the time', 'the address'], commands: 3, example: session }], passed: [{ why: 'refused by the gateway’s own rule about classified columns, whatever the policy says', commands: 1, example: session }],
  assumes: ['machines, their groups and facts, targets and their tags are as they are now, not as they were then', 'limits of rows and bytes, masking, and whether somebody would have approved are not compared'], warnings: ['a.cedar:3:1: warning: a: the rule has no effect'],
};
export const calm = { ...simulation, changed: 0, changes: 0, told: [], undecided: [], passed: [], warnings: [] };
