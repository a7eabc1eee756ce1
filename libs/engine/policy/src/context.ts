import type { Facts, Understanding } from '@sallyport/domain-model';
import type { Context } from './cedar.ts';

/** What is known of a session besides its machine and target. The same for all of its commands. */
export interface SessionFacts {
  /** Protocol id: `postgres`. */
  readonly protocol: string;
  readonly role: string | null;
  /** Address of the client as the socket says. */
  readonly source: string;
  /** Claimed by the client, not proven. */
  readonly client: string | null;
}

/** Milliseconds since 1970 as a count of whole minutes: the finest time that policies see. */
export const minuteOf = (now: number): number => Math.floor(now / 60_000);

export function sessionContext(session: SessionFacts, minute: number): Context {
  const at = new Date(minute * 60_000);
  const iso = at.toISOString();
  const hour = at.getUTCHours();
  return {
    protocol: session.protocol,
    ...(session.role === null ? {} : { role: session.role }),
    source: { __extn: { fn: 'ip', arg: plainAddress(session.source) } },
    ...(session.client === null ? {} : { client: session.client.slice(0, 256) }),
    now: { __extn: { fn: 'datetime', arg: `${iso.slice(0, 19)}Z` } },
    hour,
    minuteOfDay: hour * 60 + at.getUTCMinutes(),
    weekday: at.getUTCDay() === 0 ? 7 : at.getUTCDay(),
    date: iso.slice(0, 10),
  };
}

/** A limit that Cedar cannot count is no limit. */
export function isCountable({ limit }: Facts): boolean {
  return limit === undefined || (Number.isSafeInteger(limit) && limit >= 0);
}

export function statementContext(session: Context, means: Understanding, approval: boolean): Context {
  const { facts } = means;
  const countable = isCountable(facts);
  return {
    ...session,
    reading: means.reading,
    kind: facts.kind,
    ...(facts.hasWhere === undefined ? {} : { hasWhere: facts.hasWhere }),
    ...(facts.hasLimit === undefined ? {} : { hasLimit: facts.hasLimit && countable }),
    ...(facts.limit === undefined || !countable ? {} : { limit: facts.limit }),
    ...(facts.copiesOut === undefined ? {} : { copiesOut: facts.copiesOut }),
    ...shellContext(facts),
    approval,
  };
}

function shellContext(facts: Facts): Context {
  return {
    ...(facts.programs === undefined ? {} : { programs: [...facts.programs] }),
    ...(facts.sets === undefined ? {} : { sets: [...facts.sets] }),
    ...(facts.hasPipe === undefined ? {} : { hasPipe: facts.hasPipe }),
    ...(facts.hasRedirect === undefined ? {} : { hasRedirect: facts.hasRedirect }),
    ...(facts.recursive === undefined ? {} : { recursive: facts.recursive }),
    ...(facts.elevates === undefined ? {} : { elevates: facts.elevates }),
    ...(facts.isInteractive === undefined ? {} : { isInteractive: facts.isInteractive }),
    ...(facts.recogniser === undefined ? {} : { recogniser: facts.recogniser }),
  };
}

/** Node gives `::ffff:10.0.0.1` for IPv4 on a double-stack socket and `fe80::1%eth0` for link-local; rules are written for `10.0.0.1` and `fe80::1`. */
function plainAddress(address: string): string {
  const zone = address.indexOf('%');
  const plain = zone === -1 ? address : address.slice(0, zone);
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(plain) ? plain.slice(7) : plain;
}
