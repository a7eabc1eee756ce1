import { refusal, uuidv7, type Refusal } from '@sallyport/domain-model';

/** SQLSTATEs of the server's own for names that are not, or already, there: drivers prepare again when they see them. */
export const states = { unknownStatement: '26000', unknownPortal: '34000', duplicateStatement: '42P05' } as const;

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
