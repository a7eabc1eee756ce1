import { context, propagation, SpanKind, SpanStatusCode, trace, type Context } from '@opentelemetry/api';

/** Names, codes and counts. Never statement text, a value, a token or a name of a person. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

const tracer = () => trace.getTracer('sallyport');

/** Runs `work` in a span of this name, below the current one. Without `startTracing` it only runs `work`. */
export function span<T>(name: string, attributes: SpanAttributes, work: () => T): T {
  return run(name, attributes, SpanKind.INTERNAL, context.active(), work);
}

/** The current trace as W3C headers (`traceparent`), to be sent along with a message. Empty without tracing. */
export function traceHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  return headers;
}

/** Runs `work` in a span that continues the trace that the headers name; `read` gives a header's value or an empty text. */
export function spanFrom<T>(read: (name: string) => string, name: string, attributes: SpanAttributes, work: () => T): T {
  const carrier = { traceparent: read('traceparent'), tracestate: read('tracestate') };
  const parent = carrier.traceparent === '' ? context.active() : propagation.extract(context.active(), carrier);
  return run(name, attributes, SpanKind.SERVER, parent, work);
}

/** As `span`, below the given context. */
export function spanIn<T>(parent: Context, name: string, attributes: SpanAttributes, work: () => T): T {
  return run(name, attributes, SpanKind.INTERNAL, parent, work);
}

function run<T>(name: string, attributes: SpanAttributes, kind: SpanKind, parent: Context, work: () => T): T {
  const current = tracer().startSpan(name, { attributes, kind }, parent);
  const end = (error: unknown) => {
    // The error's text may quote values: its type is enough here, the log has the rest.
    if (error !== null) current.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'error' });
    current.end();
  };
  try {
    const result = context.with(trace.setSpan(parent, current), work);
    if (!(result instanceof Promise)) {
      end(null);
      return result;
    }
    result.then(() => end(null), end);
    return result;
  } catch (error) {
    end(error);
    throw error;
  }
}
