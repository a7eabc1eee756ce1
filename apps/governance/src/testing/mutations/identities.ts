import { createHash, randomUUID } from 'node:crypto';
import { governanceDetections, governanceDirectoryAdd, identityAsk, identityMachineAccept, identityMachineSuspend, identityMachineTransfer, identityPerson, identityResolve, reviewOpen, reviewShow } from '@sallyport/platform-bus';
import { caller } from '../whole-house.ts';
import { value, type Stage } from './stage.ts';

export const admin = caller('admin');
export const operator = caller('operator', ['operator']);
const raw = (kind: string, name: string, spec: Record<string, unknown>) => ({ apiVersion: 'sallyport/v1', kind, metadata: { name }, spec });
export const token = (stage: Stage) => createHash('sha256').update(stage.fresh()).digest('hex');

export async function machine(stage: Stage): Promise<string> {
  const document = stage.machine();
  await stage.apply(document);
  return document.metadata.name;
}

export async function person(stage: Stage): Promise<string> {
  const name = stage.fresh('person');
  await stage.apply(raw('Person', name, { displayName: name, issuer: 'idp', subject: name, roles: [] }));
  return name;
}

/** A machine, a target that needs an entitlement, and ways to it. */
export async function path(stage: Stage, more: 'path' | 'standing' = 'path'): Promise<{ readonly machine: string; readonly target: string }> {
  const [name, target] = [await machine(stage), stage.target()];
  const way = more === 'standing'
    ? raw('Entitlement', stage.fresh('standing'), { machines: [name], target: target.metadata.name, until: '2099-01-01', justification: 'it closes the books each night' })
    : raw('AccessPath', stage.fresh('path'), { machines: [name], target: target.metadata.name, approvers: [{ group: 'board' }], breakGlass: { group: 'board', count: 0 } });
  await stage.apply({ ...target, spec: { ...target.spec, access: 'entitlement' } }, way);
  return { machine: name, target: target.metadata.name };
}

export const wanted = { by: operator, role: null, seconds: 3600, uses: null, reason: 'the books do not close' };
export const entry = (stage: Stage, of: { readonly machine: string; readonly target: string }) => ({ opening: true, entries: [{ session: `0198c0de-0000-7000-8000-${stage.fresh('').slice(1).padStart(12, '0')}`, ...of, role: null, source: '127.0.0.1' }] });

export async function glass(stage: Stage): Promise<string> {
  const request = value(await stage.house.console.call(identityAsk, { ...wanted, ...(await path(stage)), breakGlass: true }));
  return request.entitlement ?? '';
}

export async function asked(stage: Stage): Promise<string> {
  const name = await machine(stage);
  value(await stage.house.console.call(identityMachineSuspend, { by: operator, machine: name, reason: 'incident 9' }));
  value(await stage.house.console.call(identityMachineTransfer, { by: operator, machine: name, to: 'olga', backup: 'otto', reason: 'it is needed again' }));
  return name;
}

/** A machine that its owner has accepted again, and that waits for somebody else. */
export async function accepted(stage: Stage): Promise<string> {
  const name = await asked(stage);
  value(await stage.house.console.call(identityMachineAccept, { by: caller('olga', ['approver']), machine: name, backup: 'otto' }));
  return name;
}

/** Somebody who is gone, as an operator said. */
export async function leaver(stage: Stage): Promise<string> {
  const name = await person(stage);
  value(await stage.house.console.call(identityPerson, { by: operator, person: name, kind: 'left', reason: 'left on Friday' }));
  return name;
}

export async function directory(stage: Stage): Promise<string> {
  const name = stage.fresh('directory');
  value(await stage.house.console.call(governanceDirectoryAdd, { by: admin, name, tokenHash: token(stage), transmitter: null }));
  return name;
}

/** Access that was asked for and that nobody has answered yet. */
export async function request(stage: Stage): Promise<string> {
  return value(await stage.house.console.call(identityAsk, { ...wanted, ...(await path(stage)) })).id;
}

export const hrFile = (name: string): string => `employee_id,status,last_day\n${name},terminated,2026-11-20\n`;

export const everything = { criticality: null, team: null, owner: null, machine: null, target: null };

/** An item of a campaign about one machine, which waits for whoever has the role approver. Governance hears of the machine a moment after identity did. */
export async function reviewItem(stage: Stage): Promise<string> {
  const scope = { ...everything, machine: await machine(stage) };
  for (let tries = 0; tries < 200; tries++) {
    const opened = await stage.house.console.call(reviewOpen, { by: admin, scope });
    if (opened.ok) {
      const [item] = value(await stage.house.console.call(reviewShow, { by: admin, campaign: opened.value.id })).items;
      if (item !== undefined) return item.id;
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error('governance does not hear of the machine');
}

/** A machine whose binding came from two networks at once, which governance concludes from the ledger a moment later. */
export async function detection(stage: Stage): Promise<string> {
  const name = await machine(stage);
  const gateway = await stage.bus('gateway');
  for (const address of ['10.1.2.3', '10.9.0.3']) {
    value(await gateway.call(identityResolve, { token: await stage.house.issuer.token({ sub: name, workload_id: name }), door: 'postgres', source: { address, port: 1, client: null }, session: randomUUID(), expect: 'machine' }));
  }
  for (let tries = 0; tries < 400; tries++) {
    const { detections } = value(await stage.house.console.call(governanceDetections, { by: operator, state: 'open', kind: 'shared_binding', machine: name, before: null, limit: 1 }));
    if (detections[0] !== undefined) return detections[0].id;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error('governance detects nothing');
}
