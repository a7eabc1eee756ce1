export * from './log.ts';
export * from './metrics.ts';
export * from './tracing.ts';
export { span, spanFrom, traceHeaders, type SpanAttributes } from './span.ts';
export { inSession, recordSpan, tracing } from './session-trace.ts';
export * from './clock/clock-watch.ts';
