import type { Refusal, RefusalCode } from '@sallyport/domain-model';
import { lastWords } from '@sallyport/protocol-relay';
import type { PostgresGreeting } from './greet.ts';
import { writeErrorFields, type ErrorFields } from './messages/error-response.ts';

/**
 * SQLSTATE of each refusal (PostgreSQL documentation, appendix "PostgreSQL Error Codes"). Chosen so that drivers and applications
 * react as to the server's own error of that kind: 42501 is "insufficient privilege", 57P01 lets a pool reconnect, 53400 and 54000
 * are not retried, 57P03 is "cannot connect now".
 */
export const sqlstates: Readonly<Record<RefusalCode, string>> = {
  denied: '42501',
  rejected: '42501',
  expired: '42501',
  withdrawn: '42501',
  unmaskable: '42501',
  unreadable: '0A000',
  'too-large': '54000',
  limit: '53400',
  unauthenticated: '28P01',
  unauthorized: '28000',
  'access-requested': '57P03',
  'target-unavailable': '08001',
  'evidence-unavailable': '58030',
  'policy-unavailable': '57P03',
  closing: '57P01',
  internal: 'XX000',
};

/** SQLSTATE for text that is not the dialect's grammar; a refusal does not say which kind of unreadable it is. */
export const syntaxError = '42601';

/** An ErrorResponse within a session; the session goes on. */
export function errorFor(refusal: Refusal, sqlstate: string = sqlstates[refusal.code]): Buffer {
  return writeErrorFields('E', report('ERROR', sqlstate, refusal));
}

/** An ErrorResponse after which the connection is closed. */
export function fatalFor(refusal: Refusal, sqlstate: string = sqlstates[refusal.code]): Buffer {
  return writeErrorFields('E', report('FATAL', sqlstate, refusal));
}

/** A FATAL of the greeting, before there is a session or a request id. */
export function greetingError(sqlstate: string, say: string, hint: string): Buffer {
  return writeErrorFields('E', fields('FATAL', sqlstate, say, null, hint));
}

/** A NoticeResponse: 00000, shown by clients beside the result. */
export function noticeFor(say: string, hint: string | null = null): Buffer {
  return writeErrorFields('N', fields('NOTICE', '00000', say, null, hint));
}

/** Says no to a client that has greeted, and closes the connection. Never rejects. */
export function refuse(greeting: PostgresGreeting, refusal: Refusal): Promise<void> {
  return lastWords(greeting.socket, fatalFor(refusal));
}

function report(severity: string, sqlstate: string, refusal: Refusal): ErrorFields {
  const rules = refusal.rules.length === 0 ? '' : `, rules ${refusal.rules.join(', ')}`;
  return fields(severity, sqlstate, refusal.say, `request ${refusal.requestId}${rules}`, refusal.hint);
}

function fields(severity: string, sqlstate: string, say: string, detail: string | null, hint: string | null): ErrorFields {
  const report = new Map([['S', severity], ['V', severity], ['C', sqlstate], ['M', say]]);
  if (detail !== null) report.set('D', detail);
  if (hint !== null && hint !== '') report.set('H', hint);
  return report;
}
