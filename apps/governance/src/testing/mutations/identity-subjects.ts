import { createHash } from 'node:crypto';
import {
  identityAsk, identityEnter, identityMachineAccept, identityMachineAgree, identityMachineRetire, identityMachineSuspend, identityMachineTransfer, identityPerson, identityRevoke, identityReviewGlass, identityWithdraw,
  governanceDirectoryAdd, governanceDirectoryRevoke, governanceDirectoryRotate, governanceImportHr, governanceSimulate,
} from '@sallyport/platform-bus';
import { caller } from '../whole-house.ts';
import { value, type Stage } from './stage.ts';
import type { SubjectEntry } from './subjects.ts';

const admin = caller('admin');
const operator = caller('operator', ['operator']);
const raw = (kind: string, name: string, spec: Record<string, unknown>) => ({ apiVersion: 'sallyport/v1', kind, metadata: { name }, spec });
const token = (stage: Stage) => createHash('sha256').update(stage.fresh()).digest('hex');

async function machine(stage: Stage): Promise<string> {
  const document = stage.machine();
  await stage.apply(document);
  return document.metadata.name;
}

async function person(stage: Stage): Promise<string> {
  const name = stage.fresh('person');
  await stage.apply(raw('Person', name, { displayName: name, issuer: 'idp', subject: name, roles: [] }));
  return name;
}

/** A machine, a target that needs an entitlement, and ways to it. */
async function path(stage: Stage, more: 'path' | 'standing' = 'path'): Promise<{ readonly machine: string; readonly target: string }> {
  const [name, target] = [await machine(stage), stage.target()];
  const way = more === 'standing'
    ? raw('Entitlement', stage.fresh('standing'), { machines: [name], target: target.metadata.name, until: '2099-01-01', justification: 'it closes the books each night' })
    : raw('AccessPath', stage.fresh('path'), { machines: [name], target: target.metadata.name, approvers: [{ group: 'board' }], breakGlass: { group: 'board', count: 0 } });
  await stage.apply({ ...target, spec: { ...target.spec, access: 'entitlement' } }, way);
  return { machine: name, target: target.metadata.name };
}

const wanted = { by: operator, role: null, seconds: 3600, uses: null, reason: 'the books do not close' };
const entry = (stage: Stage, of: { readonly machine: string; readonly target: string }) => ({ opening: true, entries: [{ session: `0198c0de-0000-7000-8000-${stage.fresh('').slice(1).padStart(12, '0')}`, ...of, role: null, source: '127.0.0.1' }] });

async function glass(stage: Stage): Promise<string> {
  const request = value(await stage.house.console.call(identityAsk, { ...wanted, ...(await path(stage)), breakGlass: true }));
  return request.entitlement ?? '';
}

async function asked(stage: Stage): Promise<string> {
  const name = await machine(stage);
  value(await stage.house.console.call(identityMachineSuspend, { by: operator, machine: name, reason: 'incident 9' }));
  value(await stage.house.console.call(identityMachineTransfer, { by: operator, machine: name, to: 'olga', backup: 'otto', reason: 'it is needed again' }));
  return name;
}

async function directory(stage: Stage): Promise<string> {
  const name = stage.fresh('directory');
  value(await stage.house.console.call(governanceDirectoryAdd, { by: admin, name, tokenHash: token(stage), transmitter: null }));
  return name;
}

/** What people and machines do to identities and their access, and what governance is told of people. As `subjectEntries`. */
export const identitySubjects: Readonly<Record<string, SubjectEntry>> = {
  'identity.machineSuspend': { tells: 'nhi.state_changed', ask: async (stage) => {
    const name = await machine(stage);
    return () => stage.house.console.call(identityMachineSuspend, { by: operator, machine: name, reason: 'incident 9' });
  } },
  'identity.machineRetire': { tells: 'nhi.state_changed', ask: async (stage) => {
    const name = await machine(stage);
    return () => stage.house.console.call(identityMachineRetire, { by: admin, machine: name, reason: 'not needed any more' });
  } },
  'identity.machineTransfer': { tells: 'nhi.transfer_requested', ask: async (stage) => {
    const name = await machine(stage);
    return () => stage.house.console.call(identityMachineTransfer, { by: operator, machine: name, to: 'approver', backup: null, reason: 'olga has other work' });
  } },
  'identity.machineAccept': { tells: 'nhi.owner_accepted', ask: async (stage) => {
    const name = await asked(stage);
    return () => stage.house.console.call(identityMachineAccept, { by: caller('olga', ['approver']), machine: name, backup: 'otto' });
  } },
  'identity.machineAgree': { tells: 'nhi.reactivated', ask: async (stage) => {
    const name = await asked(stage);
    value(await stage.house.console.call(identityMachineAccept, { by: caller('olga', ['approver']), machine: name, backup: 'otto' }));
    return () => stage.house.console.call(identityMachineAgree, { by: admin, machine: name });
  } },
  'identity.person': { tells: 'person.left', ask: async (stage) => {
    const name = await person(stage);
    return () => stage.house.console.call(identityPerson, { by: operator, person: name, kind: 'left', reason: 'left on Friday' });
  } },
  'identity.enter': { tells: 'entitlement.used', ask: async (stage) => {
    const [bus, request] = [await stage.bus('policy'), entry(stage, await path(stage, 'standing'))];
    return () => bus.call(identityEnter, request);
  } },
  'identity.ask': { tells: 'entitlement.requested', ask: async (stage) => {
    const of = await path(stage);
    return () => stage.house.console.call(identityAsk, { ...wanted, ...of });
  } },
  'identity.withdraw': { tells: 'entitlement.refused', ask: async (stage) => {
    const { id } = value(await stage.house.console.call(identityAsk, { ...wanted, ...(await path(stage)) }));
    return () => stage.house.console.call(identityWithdraw, { by: operator, request: id, why: 'not needed any more' });
  } },
  'identity.revoke': { tells: 'entitlement.revoked', ask: async (stage) => {
    const entitlement = await glass(stage);
    return () => stage.house.console.call(identityRevoke, { by: operator, entitlement, why: 'over', review: null });
  } },
  'identity.reviewGlass': { tells: 'breakglass.reviewed', ask: async (stage) => {
    const entitlement = await glass(stage);
    return () => stage.house.console.call(identityReviewGlass, { by: caller('auditor', ['auditor']), entitlement, finding: 'justified', say: 'the books had to be closed' });
  } },

  'governance.propose': { shownBy: 'apps/governance/src/rightsize/rightsize.int.spec.ts', tells: 'policy.proposed' },
  'governance.simulate': { tells: 'policy.simulated', ask: async (stage) => () => stage.house.console.call(governanceSimulate, { by: admin, files: [], machine: null, days: 1 }, 30_000) },
  'governance.directoryAdd': { tells: 'operator.acted', ask: async (stage) => {
    const [name, tokenHash] = [stage.fresh('directory'), token(stage)];
    return () => stage.house.console.call(governanceDirectoryAdd, { by: admin, name, tokenHash, transmitter: null });
  } },
  'governance.directoryRotate': { tells: 'operator.acted', ask: async (stage) => {
    const [name, tokenHash] = [await directory(stage), token(stage)];
    return () => stage.house.console.call(governanceDirectoryRotate, { by: admin, name, tokenHash });
  } },
  'governance.directoryRevoke': { tells: 'operator.acted', ask: async (stage) => {
    const name = await directory(stage);
    return () => stage.house.console.call(governanceDirectoryRevoke, { by: admin, name });
  } },
  'governance.importHr': { tells: 'signal.received', ask: async (stage) => {
    const name = await person(stage);
    return () => stage.house.console.call(governanceImportHr, { by: admin, text: `employee_id,status,last_day\n${name},terminated,2026-11-20\n`, dryRun: false }, 15_000);
  } },
};
