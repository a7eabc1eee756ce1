import { describe, expect, it } from 'vitest';
import { natsConfig } from './nats-config.ts';
import { permissions, siemPermissions } from './permissions.ts';
import { busUsers, serviceNames } from './services.ts';
import { subjects } from './subjects.ts';

const passwords = { gateway: 'g', policy: '$2a$11$abc', approvals: 'a', masking: 'm', evidence: 'e', identity: 'i', governance: 'n', sinks: 'k', console: 'c', bootstrap: 'b' };

describe('natsConfig', () => {
  it.each(['a"b', 'a\\b', 'a\nb'])('refuses a password that would be read as something else: %j', (policy) => {
    expect(() => natsConfig({ port: 1, storeDir: '/s', passwords: { ...passwords, policy } })).toThrow(RangeError);
  });

  it('has one user for each service and one to make streams, each with its limits', () => {
    const text = natsConfig({ port: 4222, http: 8222, storeDir: '/s', passwords, tls: { cert: '/c', key: '/k' } });
    for (const user of busUsers) expect(text).toMatch(new RegExp(`user: "${user}", password: "[^"]+", permissions`));
    expect(text).toContain('http: "127.0.0.1:8222"');
    expect(text).toContain('cert_file: "/c"');
  });
});

describe('permissions', () => {
  it('give nobody everything, and no service a word on streams and consumers besides reading', () => {
    for (const user of serviceNames) {
      const { publish, subscribe } = permissions(user, ['gw-1']);
      expect([...publish, ...subscribe]).not.toContain('>');
      expect(publish.filter((subject) => /STREAM\.(CREATE|UPDATE|DELETE|PURGE|MSG\.DELETE|RESTORE)|CONSUMER\.(DURABLE|DELETE\.INGEST|CREATE\.INGEST)/.test(subject))).toEqual([]);
    }
  });

  it('let nobody answer at large who takes messages of a stream: the server would remember each of them for two minutes', () => {
    for (const user of serviceNames) {
      const { publish, answers } = permissions(user, ['gw-1']);
      expect(answers && publish.some((subject) => subject.startsWith('$JS.ACK.')), user).toBe(false);
    }
    expect(permissions('evidence', ['gw-1']).publish.filter((subject) => subject.startsWith('_INBOX'))).toEqual(['_INBOX_console.>', '_INBOX_sinks.>', '_INBOX_governance.>']);
  });

  it('let every service that is asked be asked by exactly who needs it', () => {
    const asked = Object.values(subjects).filter((subject): subject is string & (typeof subjects)['policyOpen'] => typeof subject === 'string' && !subject.startsWith('control.'));
    const askers = Object.fromEntries(asked.map((subject) => [subject, serviceNames.filter((user) => permissions(user, ['gw-1']).publish.includes(subject))]));
    expect(askers).toEqual({
      'identity.resolve': ['gateway', 'console'], 'identity.explain': ['console'], 'identity.apply': ['governance', 'console'], 'identity.list': ['policy', 'approvals', 'masking', 'governance', 'sinks', 'console'],
      'identity.signal': ['governance'], 'identity.enter': ['policy'], 'identity.entitlements': ['governance', 'console'], 'identity.entitlement': ['governance', 'console'], 'identity.revoke': ['governance', 'console'],
      'identity.machines': ['console'], 'identity.machine': ['console'], 'identity.machineSuspend': ['governance', 'console'], 'identity.machineRetire': ['console'], 'identity.machineTransfer': ['console'],
      'identity.machineAccept': ['console'], 'identity.machineAgree': ['console'], 'identity.people': ['console'], 'identity.person': ['console'],
      'identity.ask': ['console'], 'identity.requests': ['console'], 'identity.withdraw': ['console'], 'identity.breakGlasses': ['governance', 'console'], 'identity.reviewGlass': ['console'],
      'identity.sshAuthorities': ['gateway', 'console'], 'identity.sshHostCert': ['gateway'], 'identity.sshUpstreamCert': ['gateway'],
      'identity.candidates': ['console'], 'identity.candidate': ['console'], 'identity.candidateDecide': ['console'], 'identity.candidateAdopt': ['console'], 'identity.import': ['console'],
      'policy.open': ['gateway'], 'policy.renew': ['gateway'], 'policy.decide': ['approvals', 'console'], 'policy.apply': ['governance', 'console'], 'policy.get': ['governance', 'console'],
      'masking.plan': ['gateway', 'policy', 'console'], 'masking.apply': ['governance', 'console'], 'masking.list': ['policy', 'governance', 'console'],
      'approvals.open': ['gateway'], 'approvals.manifest': ['identity', 'console'], 'approvals.ask': ['identity', 'governance'], 'approvals.spend': ['policy', 'masking', 'identity', 'governance', 'sinks'], 'approvals.consume': ['gateway'], 'approvals.withdraw': ['gateway', 'identity', 'governance'], 'approvals.list': ['console'], 'approvals.show': ['gateway', 'policy', 'masking', 'identity', 'governance', 'sinks', 'console'], 'approvals.vote': ['console'],
      'evidence.sessions': ['console'], 'evidence.events': ['console'], 'evidence.replay': ['console'], 'evidence.note': ['console'], 'evidence.export': ['console'], 'evidence.checkpoint': ['console'], 'evidence.tile': ['sinks', 'console'], 'evidence.checkpoints': ['sinks'], 'evidence.follow': ['governance', 'sinks'],
      'governance.usage': ['console'], 'governance.propose': ['console'], 'governance.simulate': ['console'],
      'governance.reviewOpen': ['console'], 'governance.reviewList': ['console'], 'governance.reviewShow': ['console'], 'governance.reviewDecide': ['console'], 'governance.reviewDelegate': ['console'], 'governance.reviewClose': ['console'],
      'evidence.holds': ['console'], 'evidence.hold': ['console'], 'evidence.release': ['console'], 'evidence.erase': ['console'], 'evidence.retention': ['console'],
      'governance.status': ['console'], 'governance.changePropose': ['console'], 'governance.changeTest': ['console'], 'governance.changeActivate': ['console'], 'governance.changeRollBack': ['console'], 'governance.changeWithdraw': ['console'], 'governance.changeList': ['console'], 'governance.changeShow': ['console'],
      'governance.directories': ['console'], 'governance.directoryAdd': ['console'], 'governance.directoryRotate': ['console'], 'governance.directoryRevoke': ['console'], 'governance.signals': ['console'], 'governance.importHr': ['console'], 'governance.detections': ['console'], 'governance.dismiss': ['console'],
      'sinks.apply': ['governance', 'console'], 'sinks.list': ['governance', 'console'], 'sinks.cursors': ['evidence'],
    });
  });
});

describe('SIEMs', () => {
  it('have a user each, with its own consumer and inbox', () => {
    const text = natsConfig({ port: 4222, storeDir: '/s', passwords, siems: { splunk: 's' } });
    expect(text).toContain('user: "siem-splunk", password: "s"');
    expect(siemPermissions('splunk')).toEqual({
      publish: ['$JS.API.CONSUMER.INFO.EVIDENCE.SIEM_splunk', '$JS.API.CONSUMER.MSG.NEXT.EVIDENCE.SIEM_splunk', '$JS.ACK.EVIDENCE.SIEM_splunk.>'],
      subscribe: ['_INBOX_siem-splunk.>'],
      answers: false,
    });
  });

  it.each(['', '*', '>', 'a.b', 'A', 'a b', '-a', 'a-', 'a"', 'a'.repeat(33)])('have names that mean nothing to the broker: %j', (name) => {
    expect(() => siemPermissions(name)).toThrow(RangeError);
  });
});
