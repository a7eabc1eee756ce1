import { id, Sealed, uuidv7, type CommandId, type MaskPlan, type OutputColumn, type SessionId } from '@sallyport/domain-model';
import { beforeEach, expect, it } from 'vitest';
import { SessionGate } from './index.ts';
import { keepsHiddenSay } from './laundering.ts';
import { allow, deny, effect, FakePorts, hold, understanding } from './testing/index.ts';

const plan: MaskPlan = { id: 'plan', target: 'db', columns: [{ column: 'ledger.customers.ssn', tag: 'us.ssn', action: 'last4' }], detectors: [], large: [] };
const ssn: OutputColumn = { sources: ['ledger.customers.ssn'], proven: true };

let ports: FakePorts;
let gate: SessionGate;

beforeEach(() => {
  ports = new FakePorts();
  ports.currentPlan = plan;
  const masker = { plan: 'plan', bind: () => ({ cells: [], ruled: false, counts: () => [] }), scrub: (text: string) => text };
  gate = new SessionGate({ session: id<SessionId>(uuidv7()), ports, masker: () => masker, closing: new AbortController().signal });
});

function submit(stores: OutputColumn | undefined, reads = 'ledger.customers') {
  const means = understanding([effect('read', reads), effect('write', 'ledger.entries')], stores === undefined ? {} : { stores });
  return gate.submit({ id: id<CommandId>(uuidv7()), means, text: new Sealed('insert'), parameters: null });
}

const refused = { kind: 'refusal', code: 'denied', say: expect.stringContaining(keepsHiddenSay) };

it('a command that would keep a tagged value elsewhere is denied whatever the policy says, and recorded so', () => {
  expect(submit(ssn)).toMatchObject(refused);
  expect(ports.recorded).toMatchObject([{ what: 'decided', decision: 'deny', data: { say: keepsHiddenSay } }]);
  ports.decide = () => hold();
  expect(submit(ssn)).toMatchObject(refused);
});

it('also when nothing is proven about what it keeps and a tagged relation is touched', () => {
  expect(submit({ sources: [], proven: false })).toMatchObject(refused);
  expect(submit({ sources: [], proven: false }, 'ledger.accounts')).not.toMatchObject(refused);
});

it('not when the session may see the value, when it keeps something else, or when nothing is classified', () => {
  ports.unmasked = new Set(['ledger.customers.ssn']);
  expect(submit(ssn)).not.toMatchObject(refused);
  ports.unmasked = new Set();
  expect(submit({ sources: ['ledger.customers.city'], proven: true })).not.toMatchObject(refused);
  expect(submit(undefined)).not.toMatchObject(refused);
  ports.currentPlan = null;
  expect(submit(ssn)).not.toMatchObject(refused);
});

it('the policy’s own no keeps its reason', () => {
  ports.decide = () => deny('no writes here');
  expect(submit(ssn)).toMatchObject({ kind: 'refusal', say: expect.stringContaining('no writes here') });
  ports.decide = () => allow();
});
