import {
  identityAsk, identityEnter, identityMachineAccept, identityMachineAgree, identityMachineRetire, identityMachineSuspend, identityMachineTransfer, identityPerson, identityRevoke, identityReviewGlass, identityWithdraw,
  governanceDirectoryAdd, governanceDirectoryRevoke, governanceDirectoryRotate, governanceImportHr, governanceSimulate,
} from '@sallyport/platform-bus';
import { caller } from '../whole-house.ts';
import { accepted, admin, asked, directory, entry, glass, hrFile, machine, operator, path, person, request, token, wanted } from './identities.ts';
import type { SubjectEntry } from './subjects.ts';

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
    const name = await accepted(stage);
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
    const id = await request(stage);
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
    return () => stage.house.console.call(governanceImportHr, { by: admin, text: hrFile(name), dryRun: false }, 15_000);
  } },
};
