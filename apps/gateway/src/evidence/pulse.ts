import { endUse } from '@sallyport/engine-evidence';
import { ClockWatch, type Log } from '@sallyport/platform-telemetry';
import type { EventData, EventType } from '@sallyport/domain-events';

/** Whoever misses three is called silent (SPEC.md 1.4 of engine/evidence). Milliseconds. */
const everyMs = 10_000;

export interface PulseOf {
  /** Writes an event of the gateway's own; false when nothing can be written now. */
  record<T extends EventType>(type: T, data: EventData[T]): boolean;
  /** The counter of the next event. */
  next(): number;
  sessions(): number;
  /** vkey of the instance key. */
  readonly key: string;
  readonly log: Log;
  readonly clock?: ClockWatch;
  readonly everyMs?: number;
}

/**
 * What a gateway says of itself as long as it lives: its instance key, once, a heartbeat every ten seconds even when idle, and its clock. What cannot be written now is
 * not made up for, but for the key: it is named as soon as it can be.
 * @returns ends it
 */
export function startPulse(of: PulseOf): () => void {
  const clock = of.clock ?? new ClockWatch();
  let named = of.record('key.created', { use: endUse, key: of.key });
  const beat = async () => {
    named ||= of.record('key.created', { use: endUse, key: of.key });
    of.record('producer.heartbeat', { pseq: of.next(), sessions: of.sessions() });
    const status = await clock.look();
    if (status === null || stopped) return;
    of.record('clock.status', status);
    if (Math.abs(status.step_us) > 1_000_000) of.log.warn('the wall clock of this host was set', { step_us: status.step_us });
  };
  const log = (error: unknown) => of.log.warn('a heartbeat could not be written', { error });
  let stopped = false;
  void beat().catch(log);
  const heart = setInterval(() => void beat().catch(log), of.everyMs ?? everyMs);
  return () => {
    stopped = true;
    clearInterval(heart);
  };
}
