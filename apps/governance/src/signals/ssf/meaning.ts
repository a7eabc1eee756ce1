/** What is told to identity. */
export type ToldMeaning = 'left' | 'returned' | 'session-revoked';
/** What an event means to us. The rest is only recorded. */
export type Meaning = ToldMeaning | 'verification' | 'stream';

const risc = 'https://schemas.openid.net/secevent/risc/event-type/';
const caep = 'https://schemas.openid.net/secevent/caep/event-type/';
const ssf = 'https://schemas.openid.net/secevent/ssf/event-type/';

const meanings: ReadonlyMap<string, Meaning> = new Map([
  [`${risc}account-disabled`, 'left'],
  [`${risc}account-purged`, 'left'],
  [`${risc}account-enabled`, 'returned'],
  // That a session of a person is over does not say that the person is gone: they have to log in anew.
  [`${caep}session-revoked`, 'session-revoked'],
  [`${ssf}verification`, 'verification'],
  [`${ssf}stream-updated`, 'stream'],
]);

/** Undefined for types that we know nothing of: they are recorded, and nothing follows. */
export const meaningOf = (type: string): Meaning | undefined => meanings.get(type);

export const isTold = (meaning: Meaning | undefined): meaning is ToldMeaning => meaning === 'left' || meaning === 'returned' || meaning === 'session-revoked';

/**
 * When it happened, as an event of CAEP 1.0 says itself (section 2, `event_timestamp`): seconds since 1970, or milliseconds, which drafts before 1.0 had and some senders still write. Null where it does
 * not say. In milliseconds since 1970.
 */
export function timestampOf({ event_timestamp: at }: Readonly<Record<string, unknown>>): number | null {
  if (typeof at !== 'number' || !(at >= 0 && at <= 253_402_300_799_000)) return null;
  // As seconds this would be the year 5138.
  return at < 100_000_000_000 ? at * 1000 : at;
}

/** `account-disabled` of the URI of a type: what evidence calls it. */
export const shortType = (type: string): string => (/^https:\/\/schemas\.openid\.net\/secevent\/(\w+)\/event-type\/([a-z-]{1,60})$/.exec(type)?.slice(1).join('.') ?? 'other');
