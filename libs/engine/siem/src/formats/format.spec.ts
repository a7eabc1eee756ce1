import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { defaults } from '../settings.ts';
import { allTypes } from '../testing/all-types.ts';
import { head, samples, sid, stored, type Sample } from '../testing/samples.ts';
import { format, formatNames, InvalidSettingsError, isFormatName } from './format.ts';
import { otlpRequest } from './otlp-logs.ts';
import { asciiJson } from './syslog.ts';

const id = '01936000-0000-7000-8000-000000000001';
const unreadable: Sample = { bytes: Buffer.from('not an event: 123-45-6789'), leaf: 5, receivedAt: Date.UTC(2026, 10, 23) };

describe('formats', () => {
  it('have a closed list of names', () => {
    expect(formatNames.every(isFormatName)).toBe(true);
    expect(new Set(formatNames).size).toBe(13);
    for (const name of ['', 'csv', 'toString', '__proto__', 'constructor']) expect(isFormatName(name)).toBe(false);
  });

  it.each(formatNames)('%s gives something for every type, for types of the future and for what cannot be read', (name) => {
    const render = format(name);
    const future = stored('nhi.suspended');
    const renamed = { ...future, bytes: Buffer.from(Buffer.from(future.bytes).toString().replace('nhi.suspended', 'nhi.renamed')) };
    for (const event of [...allTypes.map((type) => stored(type)), renamed, unreadable]) {
      const out = render(event);
      const text = typeof out === 'string' ? out : JSON.stringify(out);
      expect(text).toContain(event === unreadable ? hash('sha256', unreadable.bytes, 'hex') : hash('sha256', event.bytes, 'hex'));
      expect(text).not.toContain('undefined');
      if (name !== 'jsonl') expect(text).not.toMatch(/6789|SECRET|person-0042/);
    }
  });

  it.each(formatNames)('%s tells of leaves whose bytes are gone', (name) => {
    for (const noted of [{}, { noted: { id: null, sha256: 'a'.repeat(64) } }]) {
      const out = format(name)({ bytes: null, leaf: 812, receivedAt: Date.UTC(2026, 10, 23), ...noted });
      const text = typeof out === 'string' ? out : JSON.stringify(out);
      expect(text).toContain('812');
      expect(text).not.toMatch(/undefined|NaN/);
    }
  });

  it.each(formatNames)('%s tells of a checkpoint with its signed note, under one id and without a leaf', (name) => {
    const out = format(name)(head);
    const text = typeof out === 'string' ? out : JSON.stringify(out);
    expect(text).toContain('sallyport.local/default/1');
    expect(text).not.toMatch(/undefined|NaN|"sequence"|[^a-z_]leaf[="]|"Leaf"/);
    expect([head.note, JSON.stringify(head.note).slice(1, -1), head.note.replaceAll('=', '\\=').replaceAll('\n', '\\n'), asciiJson(head.note).slice(1, -1), Buffer.from(head.note).toString('base64')].some((form) => text.includes(form)), text).toBe(true);
    if (!/^jsonl$/.test(name)) expect(text).toContain('checkpoint:sallyport.local/default/1:20');
  });

  it.each(formatNames)('%s says the same of the same leaf every time', (name) => {
    expect(format(name)(stored('command.decided'))).toEqual(format(name)(stored('command.decided')));
  });

  it.each([{ facility: 24 }, { facility: 1.5 }, { enterprise: -1 }, { ocsf: '2.0.0' as never }])('refuse the settings %j when they are made', (settings) => {
    expect(() => format('syslog', settings)).toThrow(InvalidSettingsError);
  });
});

describe('CloudEvents', () => {
  it('have the required attributes, extensions in lower case, and the record as data', () => {
    const event = format('cloudevents')(stored('session.opened'));
    expect(event).toMatchObject({
      specversion: '1.0', id, source: '//sallyport.local/default', type: 'sallyport.evidence.v1.session.opened', subject: 'np_7q2f', time: '2026-11-23T03:59:59.123456Z', datacontenttype: 'application/json',
      sequence: '00000000000000000017', data: { class_uid: 3003 },
    });
    for (const name of Object.keys(event)) expect(name).toMatch(/^[a-z0-9]{1,20}$/);
  });
  it('keep their source when the log goes on under a new epoch', () => {
    const { proof: _, ...bare } = stored('auth.ok');
    expect(Object(format('cloudevents')(bare)).source).toBe(Object(format('cloudevents')(stored('auth.ok'))).source);
  });
});

describe('Splunk HEC', () => {
  it('has the time in seconds and flat fields of text', () => {
    const event = Object(format('splunk-hec', { splunkIndex: 'audit' })(stored('auth.ok')));
    expect(event).toMatchObject({ time: Date.UTC(2026, 10, 23, 3, 59, 59, 123) / 1000, host: 'sallyport', index: 'audit', sourcetype: 'sallyport:ocsf', fields: { event_id: id, leaf: '17' } });
    for (const value of Object.values(event.fields)) expect(typeof value).toBe('string');
    expect(format('splunk-hec')(stored('auth.ok'))).not.toHaveProperty('index');
  });
});

describe('Elastic _bulk', () => {
  it.each(['create', 'index'] as const)('is two lines, %s with the event id, each with its end', (bulk) => {
    const text = String(format('elastic-bulk', { bulk, body: 'ecs', index: 'evidence' })(stored('auth.ok')));
    const [action, document, end] = text.split('\n');
    expect(JSON.parse(action ?? '')).toEqual({ [bulk]: { _index: 'evidence', _id: id } });
    expect(JSON.parse(document ?? '')).toMatchObject({ '@timestamp': '2026-11-23T03:59:59.123456Z', event: { id } });
    expect(end).toBe('');
  });
  it('gives OCSF documents the timestamp that data streams ask for', () => {
    expect(JSON.parse(String(format('elastic-bulk')(stored('auth.ok'))).split('\n')[1] ?? '')).toMatchObject({ '@timestamp': '2026-11-23T03:59:59.123Z', class_uid: 3002 });
  });
});

describe('Azure Logs Ingestion', () => {
  it('is one flat record with TimeGenerated and no reserved column', () => {
    const record = format('azure-logs')(stored('session.opened'));
    expect(record).toMatchObject({ TimeGenerated: '2026-11-23T03:59:59.123456Z', EventId: id, Leaf: 17, SessionUid: sid, Target: 'ledger-db', Record: { class_uid: 3003 } });
    for (const name of Object.keys(record)) {
      expect(name).toMatch(/^[A-Za-z][A-Za-z0-9]{0,44}$/);
      expect(['TenantId', 'Type', 'MG', 'SourceSystem', 'id']).not.toContain(name);
    }
  });
});

describe('OTLP logs', () => {
  it('have nanoseconds and 64-bit numbers as text', () => {
    const log = Object(format('otlp-logs')(stored('auth.replay')));
    expect(log).toMatchObject({ timeUnixNano: '1795406399123456000', observedTimeUnixNano: '1795406400005000000', severityNumber: 17, severityText: 'ERROR', eventName: 'sallyport.auth.replay' });
    expect(new Date(Number(BigInt(log.timeUnixNano) / 1_000_000n)).toISOString()).toBe('2026-11-23T03:59:59.123Z');
    expect(log.attributes).toContainEqual({ key: 'sallyport.leaf', value: { intValue: '17' } });
    expect(log.body.kvlistValue.values).toContainEqual({ key: 'class_uid', value: { intValue: '2004' } });
  });
  it('go as one request', () => {
    const request = otlpRequest([Object(format('otlp-logs')(stored('auth.ok')))], defaults);
    expect(request).toMatchObject({ resourceLogs: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'sallyport' } }, { key: 'host.name' }] }, scopeLogs: [{ logRecords: [{ severityNumber: 9 }] }] }] });
  });
});

describe('JSONL', () => {
  it.each(allTypes)('of %s has the exact bytes in the line', (type) => {
    const event = stored(type);
    const line = Buffer.from(String(format('jsonl')(event)));
    const from = line.indexOf('"event":') + 8;
    const bytes = line.subarray(from, line.lastIndexOf('}'));
    expect(bytes.equals(event.bytes)).toBe(true);
    expect(hash('sha256', bytes, 'hex')).toBe(JSON.parse(line.toString()).sha256);
    expect(line.indexOf('\n')).toBe(line.byteLength - 1);
  });
  it('has bytes that are no event, or that a line cannot hold, as base64', () => {
    const pretty = { ...stored('auth.ok'), bytes: Buffer.from(JSON.stringify(JSON.parse(Buffer.from(stored('auth.ok').bytes).toString()), null, 1)) };
    for (const event of [unreadable, pretty]) {
      const line = JSON.parse(String(format('jsonl')(event)));
      expect(Buffer.from(line.bytes, 'base64').equals(event.bytes)).toBe(true);
      expect(line.leaf).toBe(event.leaf);
    }
  });
});

it('samples differ in type only: none is used twice', () => {
  expect(new Set(allTypes.map((type) => JSON.stringify([type, samples[type]]))).size).toBe(allTypes.length);
});
