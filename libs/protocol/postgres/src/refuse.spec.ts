import { refusal, type RefusalCode } from '@sallyport/domain-model';
import { describe, expect, it } from 'vitest';
import { readErrorFields } from './messages/error-response.ts';
import { errorFor, fatalFor, greetingError, noticeFor, sqlstates, syntaxError } from './refuse.ts';

const read = (frame: Buffer) => Object.fromEntries(readErrorFields(frame, 5, frame.length));

describe('refusals in PostgreSQL’s words', () => {
  it('name what was refused, the request, the rules, and where to ask', () => {
    const frame = errorFor(refusal('denied', 'dropping tables is not allowed', '0191-req', { rules: ['no-drop', 'prod-freeze'], hint: 'ask #data-platform' }));
    expect(String.fromCharCode(frame[0] ?? 0)).toBe('E');
    expect(read(frame)).toEqual({
      S: 'ERROR', V: 'ERROR', C: '42501', M: 'dropping tables is not allowed', D: 'request 0191-req, rules no-drop, prod-freeze', H: 'ask #data-platform',
    });
  });

  it('are FATAL where the connection ends', () => {
    expect(read(fatalFor(refusal('closing', 'the session was ended', 'r1')))).toMatchObject({ S: 'FATAL', V: 'FATAL', C: '57P01', D: 'request r1' });
  });

  it('may carry a nearer SQLSTATE', () => {
    expect(read(errorFor(refusal('unreadable', 'the statement cannot be parsed', 'r1'), syntaxError))).toMatchObject({ C: '42601' });
  });

  it('cannot be ended early by a NUL in their text', () => {
    expect(read(errorFor(refusal('denied', 'a\0b', 'r1')))).toMatchObject({ M: 'a b', H: expect.stringContaining('ask') });
  });

  it('have an SQLSTATE of five characters for each code', () => {
    const codes: RefusalCode[] = ['denied', 'rejected', 'expired', 'withdrawn', 'unreadable', 'too-large', 'limit', 'unauthenticated', 'unauthorized', 'access-requested', 'unmaskable', 'evidence-unavailable', 'policy-unavailable', 'target-unavailable', 'closing', 'internal'];
    expect(Object.keys(sqlstates).sort()).toEqual([...codes].sort());
    for (const state of Object.values(sqlstates)) expect(state).toMatch(/^[0-9A-Z]{5}$/);
  });
});

describe('other words', () => {
  it('notices are of class 00', () => {
    const frame = noticeFor('some values are masked', 'policy can permit seeing them');
    expect(String.fromCharCode(frame[0] ?? 0)).toBe('N');
    expect(read(frame)).toEqual({ S: 'NOTICE', V: 'NOTICE', C: '00000', M: 'some values are masked', H: 'policy can permit seeing them' });
  });

  it('a greeting that fails has no request id yet', () => {
    expect(read(greetingError('28000', 'TLS is required', 'use sslmode=verify-full'))).toEqual({ S: 'FATAL', V: 'FATAL', C: '28000', M: 'TLS is required', H: 'use sslmode=verify-full' });
  });
});
