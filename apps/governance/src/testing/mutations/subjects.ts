import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import type { EventType } from '@sallyport/domain-events';
import { approvalsAsk, approvalsConsume, approvalsOpen, approvalsSpend, approvalsWithdraw, evidenceNote, identityResolve, identitySignal, identitySshHostCert, identitySshUpstreamCert, type BusUser, type Reply } from '@sallyport/platform-bus';
import { caller } from '../whole-house.ts';
import { identitySubjects } from './identity-subjects.ts';
import { value, type Stage } from './stage.ts';

/**
 * Every request/reply subject of the bus (`subjects.ts`). A spec takes those that are served, and fails for one that is not here. To add one: `route` where a route of the API leads to it (it is tried
 * there), `reads` with the reason where it changes nothing, `shownBy` where it cannot be tried here, or `ask`: how it is asked, and the event that it has to leave.
 */
export type SubjectEntry =
  | { readonly route: string }
  | { readonly reads: string }
  | { readonly shownBy: string; readonly tells: EventType }
  | { readonly ask: (stage: Stage) => Promise<() => Promise<Reply<unknown>>>; readonly tells: EventType };

const shown = 'shows what is there';

const opened = async (stage: Stage) => {
  const machine = stage.machine();
  await stage.apply(machine);
  const gateway = await stage.bus('gateway');
  const asked = {
    session: randomUUID(), command: randomUUID(), machine: machine.metadata.name, owner: 'olga', target: 't', environment: 'test', source: '10.0.0.7', text: 'select 1', parameters: null, shape: 'select ?', effects: ['read t'], rules: ['r'], say: 'x',
    binding: 'b'.repeat(64), slice: 'c'.repeat(64), quorum: [{ group: 'board', count: 1 }], expiresIn: 900,
  };
  return { gateway, asked };
};

const about = (stage: Stage) => ({
  subject: { kind: 'access' as const, id: stage.fresh('access') }, requester: 'person:otto', owner: null, machine: null, target: null, environment: null, source: '10.0.0.7', text: 'access', shape: 'access', rules: [], say: 'x',
  binding: createHash('sha256').update(stage.fresh()).digest('hex'), quorum: [{ group: 'board', count: 1 }], expiresIn: 900,
});

/** A plain SSH public key blob (RFC 8709, 4), base64. */
function sshKey(): string {
  const der = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' });
  const part = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  return Buffer.concat([part(Buffer.from('ssh-ed25519')), part(der.subarray(-32))]).toString('base64');
}

export const subjectEntries: Readonly<Record<string, SubjectEntry>> = {
  ...identitySubjects,
  'identity.resolve': {
    tells: 'auth.ok',
    ask: async (stage) => {
      const machine = stage.machine();
      await stage.apply(machine);
      const token = await stage.house.issuer.token({ sub: 'w', workload_id: machine.metadata.name });
      const gateway: BusUser = 'gateway';
      const bus = await stage.bus(gateway);
      return () => bus.call(identityResolve, { token, door: 'postgres', source: { address: '127.0.0.1', port: 1, client: null }, session: randomUUID(), expect: 'machine' });
    },
  },
  'identity.explain': { route: 'POST /v1/tokens/explain' },
  'identity.apply': { route: 'POST /v1/apply' },
  'identity.list': { reads: shown },
  'identity.sshUpstreamCert': {
    tells: 'ssh.certified',
    ask: async (stage) => {
      const [machine, target] = [stage.machine(), stage.target()];
      await stage.apply(machine, { ...target, spec: { kind: 'ssh', address: { host: '127.0.0.1', port: 22 }, credential: 'file:x', environment: 'test' } });
      const bus = await stage.bus('gateway');
      return () => bus.call(identitySshUpstreamCert, { session: randomUUID(), machine: machine.metadata.name, target: target.metadata.name, login: 'deploy', publicKey: sshKey() });
    },
  },
  'identity.sshHostCert': {
    tells: 'ssh.certified',
    ask: async (stage) => {
      const bus = await stage.bus('gateway');
      return () => bus.call(identitySshHostCert, { gateway: 'gateway-1', publicKey: sshKey(), names: ['localhost'] });
    },
  },
  'identity.sshAuthorities': { reads: shown },
  'identity.candidates': { reads: shown },
  'identity.candidate': { reads: shown },
  'identity.candidateDecide': { route: 'POST /v1/candidates/:id/block' },
  'identity.candidateAdopt': { route: 'POST /v1/candidates/:id/adopt' },
  'identity.import': { route: 'POST /v1/imports' },
  'identity.signal': {
    tells: 'person.left',
    ask: async (stage) => {
      const name = stage.fresh('leaver');
      await stage.apply({ apiVersion: 'sallyport/v1', kind: 'Person', metadata: { name }, spec: { displayName: name, issuer: 'idp', subject: name, roles: [] } });
      const bus = await stage.bus('governance');
      return () => bus.call(identitySignal, { source: 'scim', kind: 'left', person: name, at: new Date().toISOString(), ref: null, reason: 'left' });
    },
  },
  'identity.machines': { reads: shown },
  'identity.machine': { reads: shown },
  'identity.people': { reads: shown },
  'identity.entitlements': { reads: shown },
  'identity.entitlement': { reads: shown },
  'identity.requests': { reads: shown },
  'identity.breakGlasses': { reads: shown },

  'policy.open': { reads: 'gives a lease, which is kept nowhere; the gateway writes session.opened with it before anything passes' },
  'policy.renew': { reads: 'as policy.open' },
  'policy.decide': { reads: 'asks what would be decided' },
  'policy.apply': { route: 'POST /v1/apply' },
  'policy.get': { reads: shown },

  'masking.plan': { reads: shown },
  'masking.apply': { route: 'POST /v1/apply' },
  'masking.list': { reads: shown },
  'sinks.apply': { route: 'POST /v1/changes/:id/activate' },
  'sinks.list': { reads: shown },
  'sinks.cursors': { reads: shown },

  'approvals.open': {
    tells: 'approval.requested',
    ask: async (stage) => {
      const { gateway, asked } = await opened(stage);
      return () => gateway.call(approvalsOpen, asked);
    },
  },
  'approvals.consume': {
    tells: 'approval.consumed',
    ask: async (stage) => {
      const { gateway, asked } = await opened(stage);
      const { approval } = value(await gateway.call(approvalsOpen, asked));
      await stage.vote(approval, 'approve');
      return () => gateway.call(approvalsConsume, { approval, session: asked.session, command: asked.command, binding: asked.binding });
    },
  },
  'approvals.withdraw': {
    tells: 'approval.withdrawn',
    ask: async (stage) => {
      const { gateway, asked } = await opened(stage);
      const { approval } = value(await gateway.call(approvalsOpen, asked));
      return () => gateway.call(approvalsWithdraw, { approval, why: 'client gone' });
    },
  },
  'approvals.ask': {
    tells: 'approval.requested',
    ask: async (stage) => {
      const [bus, asked] = [await stage.bus('governance'), about(stage)];
      return () => bus.call(approvalsAsk, asked);
    },
  },
  'approvals.spend': {
    tells: 'approval.consumed',
    ask: async (stage) => {
      const [bus, asked] = [await stage.bus('governance'), about(stage)];
      const { approval } = value(await bus.call(approvalsAsk, asked));
      await stage.vote(approval, 'approve');
      return () => bus.call(approvalsSpend, { approval, subject: asked.subject, binding: asked.binding });
    },
  },
  'approvals.manifest': { route: 'POST /v1/manifests' },
  'approvals.list': { reads: shown },
  'approvals.show': { reads: shown },
  'approvals.vote': { route: 'POST /v1/approvals/:id/approve' },

  'evidence.sessions': { reads: 'leaves evidence.read of what was read' },
  'evidence.events': { reads: 'leaves evidence.read of what was read' },
  'evidence.replay': { reads: 'leaves evidence.read of what was read' },
  'evidence.note': {
    tells: 'operator.acted',
    ask: async (stage) => {
      const bus = stage.house.console;
      return () => bus.call(evidenceNote, { by: caller('operator', ['operator']), type: 'operator.acted', data: { action: 'spec', object: 'x', ok: true, code: null } });
    },
  },
  'evidence.export': { route: 'POST /v1/evidence/exports' },
  'evidence.checkpoint': { reads: shown },
  'evidence.tile': { reads: shown },
  'evidence.checkpoints': { reads: shown },
  'evidence.holds': { reads: shown },
  'evidence.hold': { route: 'POST /v1/evidence/holds' },
  'evidence.release': { route: 'POST /v1/evidence/holds/:id/release' },
  'evidence.erase': { route: 'POST /v1/evidence/sessions/:id/erase' },
  'evidence.retention': { reads: shown },
  'evidence.follow': { reads: shown },

  'governance.status': { reads: shown },
  'governance.usage': { reads: shown },
  'governance.reviewList': { reads: shown },
  'governance.reviewShow': { reads: shown },
  'governance.reviewOpen': { route: 'POST /v1/reviews' },
  'governance.reviewDecide': { route: 'POST /v1/review-items/:id/decide' },
  'governance.reviewDelegate': { route: 'POST /v1/review-items/:id/delegate' },
  'governance.reviewClose': { route: 'POST /v1/reviews/:id/close' },
  'governance.directories': { reads: shown },
  'governance.signals': { reads: shown },
  'governance.detections': { reads: shown },
  'governance.dismiss': { route: 'POST /v1/detections/:id/dismiss' },
  'governance.changePropose': { route: 'POST /v1/changes' },
  'governance.changeTest': { route: 'POST /v1/changes/:id/test' },
  'governance.changeActivate': { route: 'POST /v1/changes/:id/activate' },
  'governance.changeRollBack': { route: 'POST /v1/changes/:id/roll-back' },
  'governance.changeWithdraw': { route: 'POST /v1/changes/:id/withdraw' },
  'governance.changeList': { reads: shown },
  'governance.changeShow': { reads: shown },
};
