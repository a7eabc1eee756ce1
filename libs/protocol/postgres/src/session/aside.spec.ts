import type { ResultMasker } from '@sallyport/domain-model';
import { describe, expect, it } from 'vitest';
import { readErrorFields, writeErrorFields } from '../messages/error-response.ts';
import { readNotification, writeNotification } from '../messages/notification-response.ts';
import { readParameterStatus, writeParameterStatus } from '../messages/parameter-status.ts';
import { asideFrame, welcomeParameter } from './aside.ts';

const masker = (plan: string | null): ResultMasker => ({ plan, bind: () => ({ cells: [], ruled: false, counts: () => [] }), scrub: () => 'scrubbed' });
const aside = (frame: Buffer, plan: string | null, ours = false) => asideFrame(frame[0] ?? 0, frame, 5, frame.length, { masker: masker(plan), ours, user: 'ledger-db' });
const setting = (name: string, value: string, plan: string | null = 'plan-1') => aside(writeParameterStatus(name, value), plan);

describe('a reported setting', () => {
  it('passes where nothing is classified', () => {
    expect(setting('application_name', 'anything', null)).toBe('pass');
    expect(setting('search_path', '"$user", public', null)).toBe('pass');
  });

  it('passes under a plan when its form leaves no room for a value', () => {
    for (const [name, value] of Object.entries({ TimeZone: 'Europe/Berlin', DateStyle: 'ISO, MDY', IntervalStyle: 'postgres', is_superuser: 'off', server_version: '18.0 (Debian 18.0-1.pgdg12+1)', server_encoding: 'UTF8' })) {
      expect(setting(name, value), name).toBe('pass');
    }
    expect(setting('TimeZone', 'Etc/GMT+12')).toBe('pass');
  });

  it('is dropped under a plan when it could hold one', () => {
    expect(setting('application_name', 'x')).toBe('drop');
    expect(setting('search_path', 'public')).toBe('drop');
    expect(setting('TimeZone', '<078051120>0')).toBe('drop');
    expect(setting('TimeZone', 'UTC0780511')).toBe('drop');
    expect(setting('some.extension_setting', 'x')).toBe('drop');
  });

  it('never names the credential’s user', () => {
    for (const plan of ['plan-1', null]) {
      const said = setting('session_authorization', 'svc_gateway', plan);
      expect(said instanceof Buffer && readParameterStatus(said, 5, said.length)).toEqual({ name: 'session_authorization', value: 'ledger-db' });
    }
    expect(welcomeParameter('session_authorization', 'svc_gateway', 'ledger-db')).toEqual(writeParameterStatus('session_authorization', 'ledger-db'));
    expect(welcomeParameter('server_version', '18.0', 'ledger-db')).toEqual(writeParameterStatus('server_version', '18.0'));
  });

  it('on which our reading rests ends the session when it has changed, with or without a plan', () => {
    for (const plan of ['plan-1', null]) {
      expect(setting('client_encoding', 'SJIS', plan)).toMatchObject({ broken: expect.stringContaining('client_encoding') });
      expect(setting('standard_conforming_strings', 'off', plan)).toMatchObject({ broken: expect.stringContaining('standard_conforming_strings') });
      expect(setting('client_encoding', 'UTF8', plan)).toBe('pass');
    }
  });
});

describe('a notice', () => {
  const frame = writeErrorFields('N', new Map([['S', 'NOTICE'], ['C', '00000'], ['M', 'the number is 5'], ['D', 'a row'], ['W', 'PL/pgSQL function']]));

  it('passes where nothing is classified, and not when it answers a query of our own', () => {
    expect(aside(frame, null)).toBe('pass');
    expect(aside(frame, null, true)).toBe('drop');
    expect(aside(frame, 'plan-1', true)).toBe('drop');
  });

  it('is scrubbed under a plan, and what quotes rows is left out', () => {
    const said = aside(frame, 'plan-1');
    expect(said instanceof Buffer && [...readErrorFields(said, 5, said.length)]).toEqual([['S', 'NOTICE'], ['C', '00000'], ['M', 'scrubbed']]);
  });
});

it('a notification keeps its channel and loses its payload under a plan', () => {
  const frame = writeNotification(5, 'news', 'a value');
  expect(aside(frame, null)).toBe('pass');
  const said = aside(frame, 'plan-1');
  expect(said instanceof Buffer && readNotification(said, 5, said.length)).toEqual({ pid: 5, channel: 'news', payload: '[masked]' });
});
