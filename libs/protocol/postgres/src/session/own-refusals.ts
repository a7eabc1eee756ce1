import { refusal, uuidv7, type Refusal } from '@sallyport/domain-model';
import type { Statement } from '../sql/index.ts';
import type { Conversation } from './conversation.ts';
import { isMaskable } from './copy-out.ts';

/** SQLSTATEs of the server's own for names that are not, or already, there: drivers prepare again when they see them. */
export const states = { unknownStatement: '26000', unknownPortal: '34000', duplicateStatement: '42P05' } as const;

/** As the server says when a cancel request has reached a command. */
export const queryCanceled = '57014';

export function cancelled(): Refusal {
  return refusal('withdrawn', 'canceling statement due to user request', uuidv7(), { hint: 'it was cancelled before it was sent to the target' });
}

export function unknownName(what: 'prepared statement' | 'portal'): Refusal {
  return refusal('unreadable', `this ${what} is not known in this session`, uuidv7(), { hint: 'prepare it in this session first' });
}

export function isTaken(): Refusal {
  return refusal('unreadable', 'a prepared statement of this name exists', uuidv7(), { hint: 'close it first' });
}

export function changedSinceBind(): Refusal {
  return refusal('unreadable', 'what this portal runs has changed since it was bound', uuidv7(), { hint: 'bind it again' });
}

export function full(): Refusal {
  return refusal('too-large', 'too many or too large prepared statements and portals', uuidv7(), { hint: 'close some' });
}

/** What no policy can let through, because it could not be masked or decided. */
export function unsupported({ control, means }: Statement, c: Pick<Conversation, 'gate' | 'registry'>): Refusal | null {
  if (control.copy?.direction === 'out' && c.gate.masker.plan !== null && !isMaskable(control.copy)) {
    return refusal('unmaskable', 'this form of COPY … TO STDOUT cannot be masked', uuidv7(), { hint: 'use the text or csv format, in UTF8' });
  }
  // What was bound is decided when it is executed: SQL could run it before that.
  const moves = means.facts.kind === 'MOVE' || (control.fetch !== null && c.registry.portal(control.fetch.cursor) !== undefined);
  if (moves && c.registry.namedPortals) return refusal('unreadable', 'portals made by Bind cannot be used by FETCH or MOVE', uuidv7(), { hint: 'use Execute, or DECLARE the cursor' });
  return null;
}
