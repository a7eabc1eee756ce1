export * from './log.ts';
export * from './metrics.ts';
export * from './tracing.ts';
export * from './span.ts';
