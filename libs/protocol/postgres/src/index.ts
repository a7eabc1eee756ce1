export * from './adapter.ts';
export { messageRules, type MessageRule, type Treatment } from './frame.ts';
export type { PostgresGreeting } from './greet.ts';
export { UpstreamError, type UpstreamErrorCode } from './upstream-error.ts';
