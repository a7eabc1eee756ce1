import { hash } from 'node:crypto';
import { isIP } from 'node:net';
import { describe, expect, it } from 'vitest';
import { readRecord } from '../read-record.ts';
import { defaults } from '../settings.ts';
import { allTypes } from '../testing/all-types.ts';
import { stored } from '../testing/samples.ts';
import { toEcs } from './to-ecs.ts';

/** The closed lists of ECS 8.17, "ECS categorization fields". */
const kinds = ['alert', 'asset', 'enrichment', 'event', 'metric', 'state', 'pipeline_error', 'signal'];
const categories = ['api', 'authentication', 'configuration', 'database', 'driver', 'email', 'file', 'host', 'iam', 'intrusion_detection', 'library', 'malware', 'network', 'package', 'process', 'registry', 'session', 'threat', 'vulnerability', 'web'];
const types = ['access', 'admin', 'allowed', 'change', 'connection', 'creation', 'deletion', 'denied', 'device', 'end', 'error', 'group', 'indicator', 'info', 'installation', 'protocol', 'start', 'user'];
/** Field sets of ECS that are used, and the one of our own. */
const fieldSets = ['@timestamp', 'ecs', 'message', 'event', 'error', 'user', 'source', 'destination', 'service', 'organization', 'observer', 'log', 'related', 'nhi'];

const ecs = (event: Parameters<typeof readRecord>[0]) => toEcs(readRecord(event), defaults);

describe('ECS documents', () => {
  it.each(allTypes)('of %s use the allowed categories and no field set that ECS does not have', (type) => {
    const document = ecs(stored(type));
    const event = Object(document['event']);
    expect(kinds).toContain(event.kind);
    expect(event.category.length).toBeGreaterThan(0);
    expect(categories).toEqual(expect.arrayContaining(event.category));
    expect(types).toEqual(expect.arrayContaining(event.type));
    expect(['success', 'failure', 'unknown']).toContain(event.outcome);
    expect(fieldSets).toEqual(expect.arrayContaining(Object.keys(document)));
    expect(JSON.stringify(document)).not.toMatch(/SECRET|person-0042/);
  });

  it('name the event by id, leaf and hash', () => {
    const event = stored('auth.failed');
    expect(ecs(event)).toMatchObject({
      '@timestamp': '2026-11-23T03:59:59.123456Z',
      event: { id: '01936000-0000-7000-8000-000000000001', sequence: 17, hash: hash('sha256', event.bytes, 'hex'), action: 'auth.failed', outcome: 'failure', created: '2026-11-23T04:00:00.005Z' },
      user: { id: 'np_7q2f', name: 'machine:nightly-ledger' },
      error: { code: 'expired' },
      source: { ip: '2001:db8::7' },
    });
  });

  it('have nothing but addresses in address fields', () => {
    expect(ecs(stored('session.opened', { source: 'gw.example' }))['source']).toEqual({ address: 'gw.example' });
    for (const type of allTypes) {
      const { source } = JSON.parse(JSON.stringify(ecs(stored(type))));
      if (source?.ip !== undefined) expect(isIP(source.ip)).not.toBe(0);
    }
  });
});
