import { Sealed } from '@sallyport/domain-model';
import { describe, expect, it } from 'vitest';
import { createLog, type Log } from './log.ts';

function capture(level = 'debug'): { log: Log; lines: () => Record<string, unknown>[]; text: () => string } {
  let written = '';
  const log = createLog({ service: 'test', level, to: { write: (chunk: string) => void (written += chunk) } });
  return { log, text: () => written, lines: () => written.trim().split('\n').filter((line) => line !== '').map((line): Record<string, unknown> => JSON.parse(line)) };
}

describe('the log', () => {
  it('writes one JSON object a line with level, time, service, message and fields', () => {
    const { log, lines } = capture();
    log.child({ session: 's1' }).info('a session opened', { target: 'ledger-db', rows: 3 });
    expect(lines()).toEqual([{ level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), service: 'test', pid: process.pid, session: 's1', target: 'ledger-db', rows: 3, msg: 'a session opened' }]);
  });

  it('writes nothing below its level', () => {
    const { log, text } = capture('warn');
    log.debug('no');
    log.info('no');
    expect(text()).toBe('');
  });

  it.each(['password', 'PGPASSWORD', 'token', 'access_token', 'Authorization', 'set-cookie', 'client-secret', 'text', 'parameters', 'sql', 'dsn', 'tokenKey', 'values'])('never prints a value named %s, at any depth', (name) => {
    const { log, text, lines } = capture();
    log.info('m', { [name]: 'hunter2', deep: { deeper: [{ [name]: { in: 'hunter2' } }] } });
    log.child({ [name]: 'hunter2' }).info('m', { child: true });
    expect(text()).not.toContain('hunter2');
    expect(lines()[0]).toMatchObject({ [name]: '[redacted]' });
  });

  it('prints sealed values as [sealed], bytes by their length and no functions', () => {
    const { log, lines } = capture();
    log.info('m', { statement: new Sealed('hunter2'), text: new Sealed('hunter2'), frame: Buffer.from('hunter2'), work: () => 'hunter2', list: new Map([['k', 'hunter2']]) });
    expect(JSON.stringify(lines())).not.toContain('hunter2');
    expect(lines()[0]).toMatchObject({ frame: '[7 bytes]', work: '[function]', list: '[Map of 1]' });
  });

  it('prints an error with type, code, message and place, and no values of its causes', () => {
    const { log, text, lines } = capture();
    const cause = Object.assign(new Error('duplicate key (ssn)=(078-05-1120)'), { code: '23505', detail: 'Key (ssn)=(078-05-1120) already exists.' });
    log.error('m', { error: Object.assign(new Error('could not save', { cause }), { code: 'ERR_SAVE', input: '078-05-1120' }) });
    expect(text()).not.toContain('078-05-1120');
    expect(lines()[0]).toMatchObject({ error: { type: 'Error', code: 'ERR_SAVE', message: 'could not save', at: expect.any(Array), cause: { type: 'Error', code: '23505' } } });
  });

  it('leaves out the message of errors that quote their input', () => {
    const { log, text } = capture();
    let syntax: unknown;
    try {
      JSON.parse('hunter2');
    } catch (error) {
      syntax = error;
    }
    log.error('m', { error: syntax });
    log.error('m', { error: Object.assign(new Error('invalid input syntax for type uuid: "hunter2"'), { severity: 'ERROR', code: '22P02' }) });
    expect(text()).toContain('SyntaxError');
    expect(text()).toContain('22P02');
    expect(text()).not.toContain('hunter2');
  });

  it('bounds what it prints: long texts, deep trees, wide objects, rings', () => {
    const { log, text } = capture();
    const ring: Record<string, unknown> = { name: 'ring' };
    ring['self'] = ring;
    log.info('m', { long: 'x'.repeat(100_000), wide: Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, i])), many: Array.from({ length: 10_000 }, () => 1), ring, big: 10n ** 20n, when: new Date(Number.NaN) });
    expect(text().length).toBeLessThan(10_000);
  });
});
