import type { EventData, Who } from '@sallyport/domain-events';
import type { Judgement } from './admit.ts';
import type { FirstUse } from './replay.ts';

/** Circumstances of an attempt, as the one who asks tells them. */
export interface Attempt {
  /** UUIDv7. */
  readonly id: string;
  readonly door: string;
  /** Address without port. */
  readonly source: string;
  /** What the client calls itself, where the door knows it by then. */
  readonly client: string | null;
  readonly session: string | null;
  /** Microseconds that verification took. */
  readonly micros: number;
}

export type AuthEvent = { [T in 'auth.ok' | 'auth.failed' | 'auth.replay']: { readonly type: T; readonly data: EventData[T]; readonly who: Who | null } }['auth.ok' | 'auth.failed' | 'auth.replay'];

/** The evidence of one attempt. @param replayOf the earlier use that makes an admission a replay, or null */
export function authEvent(attempt: Attempt, judgement: Judgement, replayOf: FirstUse | null): AuthEvent {
  const { door, source, session, micros } = attempt;
  const { who } = judgement;
  if (judgement.kind === 'refuse') {
    const { code, say, issuer, claims, replay } = judgement;
    if (replay !== undefined && who !== null) return { type: 'auth.replay', data: { binding: replay.binding, jti: who.jti ?? '', source, first_source: replay.first, door, session }, who };
    return { type: 'auth.failed', data: { code, say, issuer, claims, source, micros, door, session }, who };
  }
  const { binding, issuer, claims, expires } = judgement;
  if (replayOf === null) return { type: 'auth.ok', data: { binding, issuer, claims, source, expires, micros, door, session }, who };
  return { type: 'auth.replay', data: { binding, jti: judgement.who.jti ?? `sha256:${judgement.who.tok ?? ''}`, source, first_source: replayOf.source, door, session }, who };
}
