/** What an event means to us. `left` and `returned` are told to identity; the rest is only recorded. */
export type Meaning = 'left' | 'returned' | 'recorded' | 'verification' | 'stream';

const risc = 'https://schemas.openid.net/secevent/risc/event-type/';
const caep = 'https://schemas.openid.net/secevent/caep/event-type/';
const ssf = 'https://schemas.openid.net/secevent/ssf/event-type/';

const meanings: ReadonlyMap<string, Meaning> = new Map([
  [`${risc}account-disabled`, 'left'],
  [`${risc}account-purged`, 'left'],
  [`${risc}account-enabled`, 'returned'],
  // That a session of a person is over does not say that the person is gone: nothing follows from it here.
  [`${caep}session-revoked`, 'recorded'],
  [`${ssf}verification`, 'verification'],
  [`${ssf}stream-updated`, 'stream'],
]);

/** Undefined for types that we know nothing of: they are recorded, and nothing follows. */
export const meaningOf = (type: string): Meaning | undefined => meanings.get(type);

/** `account-disabled` of the URI of a type: what evidence calls it. */
export const shortType = (type: string): string => (/^https:\/\/schemas\.openid\.net\/secevent\/(\w+)\/event-type\/([a-z-]{1,60})$/.exec(type)?.slice(1).join('.') ?? 'other');
