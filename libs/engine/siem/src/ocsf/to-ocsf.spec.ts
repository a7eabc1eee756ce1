import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../json.ts';
import { readRecord } from '../read-record.ts';
import { defaults } from '../settings.ts';
import type { StoredEvent } from '../stored-event.ts';
import { allTypes } from '../testing/all-types.ts';
import { ocsfFaults } from '../testing/ocsf/check.ts';
import { alice, epoch, head, ledgerDb, machine, samples, sid, stored, type Sample } from '../testing/samples.ts';
import { toOcsf } from './to-ocsf.ts';
import { ocsfVersions, type OcsfVersion } from './versions.ts';

function ocsf(event: StoredEvent, version: OcsfVersion = '1.9.0'): JsonObject {
  return toOcsf(readRecord(event), { ...defaults, ocsf: version });
}

/** The same event under another type or with other text in it. */
function altered(event: Sample, from: string, to: string): StoredEvent {
  const text = Buffer.from(event.bytes).toString();
  expect(text).toContain(from);
  return { ...event, bytes: Buffer.from(text.replace(from, to)) };
}

const unreadable: Sample = { bytes: Uint8Array.of(1, 2, 3), leaf: 5, receivedAt: Date.UTC(2026, 10, 23) };

describe('OCSF records', () => {
  it.each(ocsfVersions.flatMap((version) => allTypes.map((type) => [type, version] as const)))('%s fits the rules of %s', (type, version) => {
    expect(ocsfFaults(ocsf(stored(type), version))).toEqual([]);
  });

  it.each(ocsfVersions)('of events without parties, with IPv6, host names and other kinds of target fit the rules of %s', (version) => {
    const variants = [
      ...allTypes.map((type) => stored(type, {}, 17, { who: null, on: null })),
      ...allTypes.map((type) => stored(type, {}, 17, { who: alice, on: { ...ledgerDb, kind: 'http' } })),
      stored('session.opened', { source: 'gw.example', role: null }),
      stored('session.opened', { source: '' }),
      stored('command.decided', { decision: 'allow', verb: 'read', effects: ['read a.b', 'read a.c'] }),
      stored('command.decided', { decision: 'hold', verb: 'grant', effects: [], shape: '' }),
      stored('command.refused', { what: '' }),
      stored('operator.acted', { action: '', object: '', ok: true, code: null }),
      stored('evidence.read', { what: '' }),
      ...(['created', 'removed'] as const).map((change) => stored('config.changed', { change })),
    ];
    expect(variants.flatMap((event) => ocsfFaults(ocsf(event, version)))).toEqual([]);
  });

  it('are named by event id and leaf', () => {
    expect(ocsf(stored('auth.ok'))['metadata']).toMatchObject({ uid: '01936000-0000-7000-8000-000000000001', sequence: 17, event_code: 'auth.ok', correlation_uid: sid, version: '1.9.0', original_time: '2026-11-23T03:59:59.123456Z' });
  });

  it('belong to the session that they are about, if there is one', () => {
    for (const type of ['command.decided', 'auth.ok', 'approval.consumed'] as const) expect(ocsf(stored(type))).toMatchObject({ metadata: { correlation_uid: sid }, actor: { session: { uid: sid } } });
    expect(ocsf(stored('session.abandoned'))).toMatchObject({ metadata: { correlation_uid: samples['session.abandoned'].session } });
    const outside = ocsf(stored('config.changed'));
    expect(outside['metadata']).not.toHaveProperty('correlation_uid');
    expect(outside['actor']).not.toHaveProperty('session');
    expect(outside['unmapped']).toMatchObject({ integrity: { chain: epoch } });
  });

  it('of 1.9 carry the hash of the exact bytes, the chain and the event before', () => {
    const event = stored('session.opened');
    expect(ocsf(event)['attestation_list']).toEqual([
      {
        uid: 'sallyport.local/default/1#17', authority_uid: 'sallyport.local/default/1', chain_uid: sid,
        fingerprint: { algorithm_id: 3, algorithm: 'SHA-256', value: hash('sha256', event.bytes, 'hex'), serialization_id: 1, serialization: 'Flat' },
        prev_event: { uid: '01936000-0000-7000-8000-000000000000', fingerprint: { algorithm_id: 3, algorithm: 'SHA-256', value: '9'.repeat(64), serialization_id: 1, serialization: 'Flat' } },
      },
    ]);
    expect(ocsf(event)['unmapped']).toMatchObject({ integrity: { leaf: 17, chain: sid, seq: 3, prev: '9'.repeat(64), checkpoint: { origin: 'sallyport.local/default/1', size: 20 } } });
  });

  it('do not invent the id of the event before', () => {
    const { previousId: _, proof: __, ...event } = stored('session.opened');
    const [attestation] = [ocsf(event)['attestation_list']].flat();
    expect(attestation).not.toHaveProperty('prev_event');
    expect(attestation).toMatchObject({ uid: 'sallyport.local/default#17' });
  });

  it('of older versions carry the hash as that of the raw data', () => {
    const event = stored('session.opened');
    const record = ocsf(event, '1.6.0');
    expect(record).not.toHaveProperty('attestation_list');
    expect(record).toMatchObject({ raw_data_hash: { algorithm_id: 3, value: hash('sha256', event.bytes, 'hex') }, raw_data_size: event.bytes.byteLength });
  });

  it('name the leaf hash of RFC 6962', () => {
    const event = stored('session.opened');
    expect(ocsf(event)['unmapped']).toMatchObject({ integrity: { leaf_hash: hash('sha256', Buffer.concat([Uint8Array.of(0), event.bytes]), 'hex') } });
  });

  it.each(allTypes)('of %s have the whole data of the event', (type) => {
    const { key: _, ...data } = samples[type] as Record<string, unknown>;
    expect(ocsf(stored(type))['unmapped']).toMatchObject({ data });
  });

  it('of a type that nobody knows yet are generic and keep everything', () => {
    const record = ocsf(altered(stored('nhi.suspended'), '"type":"nhi.suspended"', '"type":"nhi.renamed"'));
    expect(ocsfFaults(record)).toEqual([]);
    expect(record).toMatchObject({ class_uid: 0, activity_id: 99, activity_name: 'nhi.renamed', unmapped: { data: { machine: 'machine:nightly-ledger', why: 'its owner left' } } });
  });

  it('of bytes that are no event name them by hash and show nothing of them', () => {
    const secret: Sample = { ...unreadable, bytes: Buffer.from('{"note":"123-45-6789"}') };
    for (const event of [unreadable, secret]) {
      const record = ocsf(event);
      expect(ocsfFaults(record)).toEqual([]);
      expect(record).toMatchObject({ severity_id: 4, metadata: { uid: `sha256:${hash('sha256', event.bytes, 'hex')}`, sequence: 5 } });
      expect(JSON.stringify(record)).not.toContain('6789');
    }
  });

  it('of leaves whose bytes are gone are told with what was noted, under an id of their own', () => {
    const gone: StoredEvent = { bytes: null, leaf: 5, receivedAt: Date.UTC(2026, 10, 23), noted: { id: '01936000-0000-7000-8000-000000000001', sha256: 'a'.repeat(64) } };
    for (const version of ocsfVersions) {
      for (const event of [gone, { bytes: null, leaf: 5, receivedAt: gone.receivedAt }]) expect(ocsfFaults(ocsf(event, version))).toEqual([]);
    }
    expect(ocsf(gone)).toMatchObject({ activity_name: 'missing', metadata: { uid: 'missing:5', original_event_uid: '01936000-0000-7000-8000-000000000001', sequence: 5 }, raw_data_hash: { value: 'a'.repeat(64) } });
  });

  it.each(ocsfVersions)('of checkpoints fit the rules of %s, and have the note', (version) => {
    const record = toOcsf(readRecord(head), { ...defaults, ocsf: version });
    expect(ocsfFaults(record)).toEqual([]);
    expect(record).toMatchObject({ class_uid: 0, activity_name: 'checkpoint', metadata: { uid: 'checkpoint:sallyport.local/default/1:20', event_code: 'log.checkpoint' }, unmapped: { note: head.note, integrity: { checkpoint: { size: 20 } } } });
    expect(record['metadata']).not.toHaveProperty('sequence');
  });

  it('hold back sealed session keys and owners', () => {
    for (const type of allTypes) {
      const text = JSON.stringify(ocsf(stored(type)));
      expect(text).not.toMatch(/SECRET/);
      expect(text).not.toContain(String(machine.owner));
    }
  });

  it('call masking a modification, an approval approved, a rejection rejected', () => {
    expect(ocsf(stored('mask.applied'))).toMatchObject({ class_uid: 2006, action_id: 4, disposition_id: 99, disposition: 'Masked' });
    expect(ocsf(stored('approval.granted'))).toMatchObject({ class_uid: 6003, disposition_id: 8 });
    expect(ocsf(stored('approval.rejected'))).toMatchObject({ disposition_id: 25 });
  });

  it('call what a machine may reach a privilege of it: User Management, and what stood in its place before 1.9', () => {
    expect(ocsf(stored('entitlement.granted'))).toMatchObject({ class_uid: 3007, activity_id: 14, type_uid: 300714, user: { uid: 'nightly-ledger', type_id: 4 }, privileges: ['reporting@ledger-db'], disposition_id: 8 });
    expect(ocsf(stored('entitlement.revoked'))).toMatchObject({ class_uid: 3007, activity_id: 15, disposition_id: 24 });
    expect(ocsf(stored('entitlement.granted'), '1.8.0')).toMatchObject({ class_uid: 3005, class_name: 'User Access Management', activity_id: 1, activity_name: 'Assign Privileges', type_uid: 300501 });
    expect(ocsf(stored('review.stopped'), '1.6.0')).toMatchObject({ class_uid: 3005, activity_id: 2, activity_name: 'Revoke Privileges' });
  });

  it('tell a machine\'s states as activities, and what looks wrong as findings', () => {
    const activityOf = (to: string, from = 'active') => ocsf(stored('nhi.state_changed', { from, to }))['activity_name'];
    expect([activityOf('suspended'), activityOf('active', 'suspended'), activityOf('active', 'draft'), activityOf('retired'), activityOf('attention')]).toEqual(['Suspend', 'Resume', 'Activate', 'Deactivate', 'Update']);
    for (const type of ['detect.human_use', 'detect.shared_binding', 'detect.replay', 'detect.new_behaviour', 'detect.stale', 'detect.orphan', 'nhi.candidate', 'breakglass.opened', 'review.overdue', 'entitlement.unused', 'contract.ending'] as const) expect(ocsf(stored(type))).toMatchObject({ class_uid: 2004, is_alert: true });
  });

  it('of commands on anything but a datastore are API Activity', () => {
    expect(ocsf(stored('command.decided'))).toMatchObject({ class_uid: 6005, activity_id: 5, query_info: { query_string: samples['command.decided'].shape }, table: { name: 'public.accounts' } });
    expect(ocsf(stored('command.decided', {}, 1, { who: machine, on: { ...ledgerDb, kind: 'http' } }))).toMatchObject({ class_uid: 6003, activity_id: 3, api: { operation: 'write' } });
  });
});

describe('the rules that records are checked by', () => {
  const good = ocsf(stored('command.decided'));
  it.each([
    ['a missing member', { ...good, src_endpoint: undefined }, 'src_endpoint is not an object'],
    ['an unknown member', { ...good, colour: 'red' }, 'colour is not known'],
    ['a wrong type_uid', { ...good, type_uid: 1 }, 'type_uid is 1, not 600505'],
    ['a number that the class does not have', { ...good, activity_id: 42, type_uid: 600542 }, 'activity_id 42 is not one of the class'],
    ['a caption of another number', { ...good, severity: 'High' }, 'severity_id 3 is Medium, severity says High'],
    ['a profile that is not listed', { ...good, metadata: { ...Object(good['metadata']), profiles: ['record_integrity'] } }, 'action_id needs the profile security_control'],
    ['a member of a later version', { ...good, metadata: { ...Object(good['metadata']), version: '1.8.0' } }, 'attestation_list is not in 1.8.0'],
    ['a time in seconds', { ...good, time: 1763870399 }, 'time is not time'],
    ['an address that is none', { ...good, src_endpoint: { ip: 'nowhere' } }, 'src_endpoint.ip is not address'],
    ['none of what one must be there', { ...good, database: undefined, table: undefined }, ' has none of database, databucket, table'],
  ])('find %s', (_, record, fault) => {
    expect(ocsfFaults(JSON.parse(JSON.stringify(record)))).toContain(fault.replace('src_endpoint is not an object', 'src_endpoint is missing'));
  });
});

it('says on whose behalf a machine acts, as far as the reader may know, and what was decided for each of the two', () => {
  const opened = ocsf(stored('session.opened', { behalf: 'person:~' }));
  expect(opened).toMatchObject({ message: expect.stringMatching(/ on behalf of person:~$/), privileges: expect.arrayContaining(['behalf:person:~']), unmapped: { data: { behalf: 'person:~' } } });
  const sides = { machine: { decision: 'allow', rules: ['reads'] }, behalf: { decision: 'deny', rules: [] } } as const;
  expect(ocsf(stored('command.decided', { sides }))).toMatchObject({ unmapped: { data: { sides } } });
});
