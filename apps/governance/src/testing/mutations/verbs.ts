import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventType } from '@sallyport/domain-events';
import { accepted, asked, detection, directory, glass, hrFile, leaver, machine, path, person, request, reviewItem } from './identities.ts';
import type { Stage } from './stage.ts';

/**
 * Every verb of the command line. A spec takes them from the program itself, and fails for one that is not here. To add one: `reads` or `local` (it changes nothing here, and why), or its arguments, whose
 * token it goes with, and the event that has to be there afterwards. `notYet` as in routes.ts.
 */
export type VerbEntry = { readonly reads: true } | { readonly local: string } | { readonly shownBy: string } | { readonly notYet: string } | { readonly as: string; readonly tells: EventType; readonly args: (stage: Stage) => Promise<readonly string[]>; readonly exit?: number };

async function file(stage: Stage, text: string, name = 'a'): Promise<string> {
  const path = join(await mkdtemp(join(stage.house.directory.path, 'file-')), name);
  await writeFile(path, text);
  return path;
}

/** A directory with one document, as YAML has JSON in it. */
async function folder(stage: Stage, document: unknown): Promise<string> {
  const directory = await mkdtemp(join(stage.house.directory.path, 'config-'));
  await writeFile(join(directory, 'a.yaml'), JSON.stringify(document));
  return directory;
}

async function way(stage: Stage): Promise<string[]> {
  const { machine, target } = await path(stage);
  return ['--machine', machine, '--target', target];
}

const offline = 'works on files and keys of this machine';

export const verbs: Readonly<Record<string, VerbEntry>> = {
  login: { local: 'asks an issuer; keeps a login on this machine' },
  logout: { local: 'forgets a login of this machine' },
  whoami: { reads: true },
  apply: { as: 'admin', tells: 'config.changed', args: async (stage) => ['-f', await folder(stage, stage.target())] },
  get: { reads: true },
  'changes propose': { as: 'admin', tells: 'change.proposed', exit: 11, args: async (stage) => ['--title', 'a sink comes', '-f', await folder(stage, stage.sink())] },
  'changes list': { reads: true },
  'changes show': { reads: true },
  'changes test': { as: 'admin', tells: 'change.tested', exit: 11, args: async (stage) => [(await stage.change('waiting')).id] },
  'changes activate': { as: 'admin', tells: 'change.activated', args: async (stage) => [(await stage.change('approved')).id] },
  'changes roll-back': { as: 'admin', tells: 'change.proposed', exit: 11, args: async (stage) => [(await stage.change('activated')).id] },
  'changes withdraw': { as: 'admin', tells: 'change.withdrawn', args: async (stage) => [(await stage.change('waiting')).id, '--why', 'a mistake'] },
  'machines list': { reads: true },
  'machines show': { reads: true },
  'machines usage': { reads: true },
  'machines suspend': { as: 'operator', tells: 'nhi.state_changed', args: async (stage) => [await machine(stage), '--reason', 'incident 9'] },
  'machines retire': { as: 'admin', tells: 'nhi.state_changed', args: async (stage) => [await machine(stage), '--reason', 'not needed any more'] },
  'machines transfer': { as: 'operator', tells: 'nhi.transfer_requested', exit: 11, args: async (stage) => [await machine(stage), '--to', 'approver', '--reason', 'olga has other work'] },
  'machines accept': { as: 'olga', tells: 'nhi.owner_accepted', exit: 11, args: async (stage) => [await asked(stage), '--backup', 'otto'] },
  'machines agree': { as: 'admin', tells: 'nhi.reactivated', args: async (stage) => [await accepted(stage)] },
  'machines import csv': { shownBy: 'apps/cli/src/commands/machines-import.spec.ts' },
  'machines import entra': { shownBy: 'apps/cli/src/commands/machines-import.spec.ts' },
  'machines import github': { shownBy: 'apps/cli/src/commands/machines-import.spec.ts' },
  'machines import kubernetes': { shownBy: 'apps/cli/src/commands/machines-import.spec.ts' },
  'candidates list': { reads: true },
  'candidates show': { reads: true },
  'candidates adopt': { as: 'admin', tells: 'nhi.candidate_decided', args: async (stage) => [await stage.candidate(), '--name', stage.fresh('adopted'), '--owner', 'olga', '--backup', 'otto', '--purpose', 'closes the books of the day', '--environment', 'test', '--criticality', 'low', '--kind', 'batch', '--review-by', '2099-01-01'] },
  'candidates block': { as: 'admin', tells: 'nhi.candidate_decided', args: async (stage) => [await stage.candidate(), '--reason', 'nobody knows it'] },
  'candidates dismiss': { as: 'admin', tells: 'nhi.candidate_decided', args: async (stage) => [await stage.candidate(), '--reason', 'a test'] },
  'candidates reopen': {
    as: 'admin', tells: 'operator.acted',
    args: async (stage) => {
      const id = await stage.candidate();
      await stage.must(`/v1/candidates/${id}/block`, 'admin', { reason: 'nobody knows it' });
      return [id];
    },
  },
  'entitlements list': { reads: true },
  'entitlements show': { reads: true },
  'entitlements revoke': { as: 'operator', tells: 'entitlement.revoked', args: async (stage) => [await glass(stage), '--why', 'over'] },
  'access requests': { reads: true },
  'access request': { as: 'operator', tells: 'entitlement.requested', exit: 11, args: async (stage) => [...(await way(stage)), '--reason', 'the books do not close'] },
  'access withdraw': { as: 'operator', tells: 'entitlement.refused', args: async (stage) => [await request(stage)] },
  'break-glass open': { as: 'operator', tells: 'breakglass.opened', args: async (stage) => [...(await way(stage)), '--reason', 'the books do not close'] },
  'break-glass list': { reads: true },
  'break-glass review': { as: 'auditor', tells: 'breakglass.reviewed', args: async (stage) => [await glass(stage), '--finding', 'justified', '--say', 'the books had to be closed'] },
  'reviews list': { reads: true },
  'reviews open': { as: 'admin', tells: 'review.opened', args: async (stage) => {
    await reviewItem(stage);
    return ['--title', 'all access', '--due-days', '7'];
  } },
  'reviews show': { reads: true },
  'reviews decide': { as: 'approver', tells: 'review.decided', args: async (stage) => [await reviewItem(stage), 'keep', '--reason', 'it is needed'] },
  'reviews delegate': { as: 'approver', tells: 'review.delegated', args: async (stage) => [await reviewItem(stage), '--to', 'otto', '--reason', 'otto knows it'] },
  'reviews close': { shownBy: 'apps/cli/src/commands/reviews.spec.ts' },
  'directories list': { reads: true },
  'directories add': { as: 'admin', tells: 'operator.acted', args: async (stage) => [stage.fresh('directory')] },
  'directories add-ssf': { as: 'admin', tells: 'operator.acted', args: async (stage) => [stage.fresh('directory'), '--issuer', 'https://idp.example', '--jwks', 'https://idp.example/jwks', '--audience', 'sallyport'] },
  'directories rotate': { as: 'admin', tells: 'operator.acted', args: async (stage) => [await directory(stage)] },
  'directories revoke': { as: 'admin', tells: 'operator.acted', args: async (stage) => [await directory(stage)] },
  'signals list': { reads: true },
  'people list': { reads: true },
  'people left': { as: 'operator', tells: 'person.left', args: async (stage) => [await person(stage), '--reason', 'left on Friday'] },
  'people returned': { as: 'admin', tells: 'person.returned', args: async (stage) => [await leaver(stage), '--reason', 'is back'] },
  'people revoke-sessions': { as: 'operator', tells: 'person.sessions_revoked', args: async (stage) => [await person(stage), '--reason', 'a laptop was lost'] },
  'people import-hr': { as: 'admin', tells: 'signal.received', args: async (stage) => [await file(stage, hrFile(await person(stage)))] },
  'detections list': { reads: true },
  'detections dismiss': { as: 'operator', tells: 'detect.dismissed', args: async (stage) => [await detection(stage), '--reason', 'case 12'] },
  'manifest submit': { shownBy: 'apps/cli/src/commands/manifest.spec.ts' },
  'sessions list': { reads: true },
  'sessions show': { reads: true },
  'sessions replay': { reads: true },
  'sessions kill': { as: 'operator', tells: 'operator.acted', args: async () => ['0198c0de-0000-7000-8000-000000000001', '--reason', 'incident 8'] },
  'approvals list': { reads: true },
  'approvals show': { reads: true },
  'approvals approve': { as: 'approver', tells: 'approval.voted', args: async (stage) => [(await stage.change('waiting')).approval] },
  'approvals reject': { as: 'approver', tells: 'approval.rejected', args: async (stage) => [(await stage.change('waiting')).approval] },
  'evidence verify': { reads: true },
  'evidence verify db': { reads: true },
  'evidence verify pack': { local: offline },
  'evidence verify log': { reads: true },
  'evidence verify session': { local: offline },
  'evidence verify proof': { local: offline },
  'evidence verify consistency': { local: offline },
  'evidence pack': { shownBy: 'apps/cli/src/commands/evidence-pack.spec.ts' },
  'evidence holds list': { reads: true },
  'evidence holds place': { as: 'auditor', tells: 'hold.placed', args: async () => ['--reason', 'case 3', '--from', '2020-01-01', '--to', '2020-02-01'] },
  'evidence holds release': { as: 'second-auditor', tells: 'hold.release_requested', exit: 11, args: async (stage) => [await stage.hold(), '--reason', 'case 3 is closed'] },
  'evidence retention show': { reads: true },
  'evidence retention plan': { reads: true },
  'evidence erase': { shownBy: 'apps/cli/src/commands/evidence-retention.spec.ts' },
  'log signer': { local: offline },
  'policy check': { local: offline },
  'policy test': { local: offline },
  'policy explain': { reads: true },
  'policy propose': { shownBy: 'apps/cli/src/commands/policy-propose.spec.ts' },
  'policy simulate': { as: 'auditor', tells: 'policy.simulated', args: async (stage) => [join(await file(stage, '', 'all.cedar'), '..'), '--days', '1'] },
  'token inspect': { as: 'operator', tells: 'operator.acted', args: async (stage) => [await stage.house.issuer.token({ sub: 'x', workload_id: 'nobody' }), '--resolve'], exit: 10 },
  'token exchange': { shownBy: 'apps/identity/src/exchange/exchange.int.spec.ts' },
  'ssh config': { local: 'prints what goes into a file' },
  'ssh authority': { reads: true },
  'demo token': { local: 'the demo’s own issuer' },
  doctor: { reads: true },
};
