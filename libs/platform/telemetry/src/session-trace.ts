import { context, SpanKind, trace, TraceFlags, type Context } from '@opentelemetry/api';
import { spanIn, type SpanAttributes } from './span.ts';

/**
 * One trace for each session: the trace id is the session's UUID without its dashes. Nothing has to be carried along with an event for
 * the ledger's part to be found beside the gateway's, and whoever has a session id from the evidence has its trace.
 */
function sessionContext(session: string): Context {
  const traceId = session.replaceAll('-', '');
  return trace.setSpanContext(context.active(), { traceId, spanId: traceId.slice(16), traceFlags: TraceFlags.SAMPLED, isRemote: true });
}

/** Runs `work` in a span of the session's trace. Without `startTracing` it only runs `work`. */
export function inSession<T>(session: string, name: string, attributes: SpanAttributes, work: () => T): T {
  return tracing() ? spanIn(sessionContext(session), name, attributes, work) : work();
}

/** A span that is over: times in milliseconds since 1970. Does nothing without `startTracing`. */
export function recordSpan(session: string, name: string, attributes: SpanAttributes, startMs: number, endMs: number): void {
  if (!tracing()) return;
  trace.getTracer('sallyport').startSpan(name, { attributes, kind: SpanKind.INTERNAL, startTime: startMs }, sessionContext(session)).end(endMs);
}

let on = false;

/** True between `startTracing` and its end: hot paths ask before they make anything for a span. */
export const tracing = (): boolean => on;
export const setTracing = (value: boolean): void => void (on = value);
