import { describe, expect, it } from 'vitest';
import { readStartup } from './messages/startup.ts';
import { checkStartupParameters } from './startup-parameters.ts';
import { startups } from './testing/startups.ts';

const check = (more: Record<string, string>) => checkStartupParameters(new Map(Object.entries({ user: 'ledger-db', ...more })));

describe('startup parameters', () => {
  for (const [client, { hex, parameters }] of Object.entries(startups)) {
    it(`of ${client} are accepted`, () => {
      const startup = readStartup(Buffer.from(hex, 'hex'));
      expect([startup.major, startup.minor]).toEqual([3, 0]);
      const wish = checkStartupParameters(startup.parameters);
      expect(wish).toMatchObject({ database: 'ledger' });
      expect('parameters' in wish && Object.fromEntries(wish.parameters)).toEqual(parameters);
    });
  }

  it('are compared without case and given back in the server’s spelling', () => {
    expect(check({ TIMEZONE: 'UTC', datestyle: 'ISO' })).toMatchObject({ parameters: new Map([['TimeZone', 'UTC'], ['DateStyle', 'ISO']]) });
  });

  it.each(['role', 'session_authorization', 'session_replication_role', 'geqo', 'standard_conforming_strings', 'row_security', 'log_statement'])('refuse %s by name and say what is accepted', (name) => {
    const answer = check({ [name]: 'x' });
    expect(answer).toMatchObject({ sqlstate: '0A000', say: `the startup parameter "${name}" is not accepted` });
    expect('hint' in answer && answer.hint).toContain('search_path');
  });

  it.each(['true', 'database', '1', 'false'])('refuse replication=%s', (value) => {
    expect(check({ replication: value })).toMatchObject({ say: 'replication connections are not supported' });
  });

  it.each(['UTF8', 'utf-8', "'utf-8'", 'UNICODE', 'SQL_ASCII'])('take client_encoding=%s, and leave it out because it is always UTF8', (value) => {
    expect(check({ client_encoding: value })).toMatchObject({ parameters: new Map() });
  });

  it.each(['LATIN1', 'SJIS', 'utf16', ''])('refuse client_encoding=%s', (value) => {
    expect(check({ client_encoding: value })).toMatchObject({ sqlstate: '22023', say: 'the client encoding must be UTF8' });
  });

  it.each([
    ['-c statement_timeout=5s', { statement_timeout: '5s' }],
    ['-cstatement_timeout=5s', { statement_timeout: '5s' }],
    ['--statement-timeout=5s', { statement_timeout: '5s' }],
    ['  -c search_path=a\\ b\\\\c  ', { search_path: 'a b\\c' }],
    ['', {}],
  ])('read options %j as the server does', (options, parameters) => {
    expect(check({ options })).toMatchObject({ parameters: new Map(Object.entries(parameters)) });
  });

  it.each(['-c role=postgres', '--session-replication-role=replica', '-c geqo=off'])('refuse options %j for the setting in them', (options) => {
    expect(check({ options })).toMatchObject({ sqlstate: '0A000', say: expect.stringContaining('is not accepted') });
  });

  it.each(['-d 5', '-p 1', '-c', '-c work_mem', 'statement_timeout=5', '-c =5', '-F'])('refuse options %j because they are no settings', (options) => {
    expect(check({ options })).toMatchObject({ say: 'the startup parameter "options" holds something else than settings' });
  });

  it('let a parameter of its own win over the same in options, whatever the order', () => {
    for (const more of [{ options: '-c search_path=b', search_path: 'a' }, { search_path: 'a', options: '-c search_path=b' }]) {
      expect(check(more)).toMatchObject({ parameters: new Map([['search_path', 'a']]) });
    }
  });

  it('refuse control characters, long values and a missing user', () => {
    expect(check({ application_name: 'a\nb' })).toMatchObject({ sqlstate: '22023' });
    expect(check({ search_path: 'x'.repeat(1025) })).toMatchObject({ sqlstate: '22023' });
    expect(check({ database: 'x'.repeat(64) })).toMatchObject({ sqlstate: '3D000' });
    expect(checkStartupParameters(new Map())).toMatchObject({ sqlstate: '28000' });
  });

  it('show a refused name only as far as it is printable', () => {
    expect(check({ ['x\u001b[2J'.padEnd(200, 'y')]: '1' })).toMatchObject({ say: expect.stringMatching(/^the startup parameter "x\?\[2Jy{59}" is not accepted$/) });
  });
});
