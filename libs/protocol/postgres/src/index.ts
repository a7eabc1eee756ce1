export * from './adapter.ts';
export { messageRules, type MessageRule, type Treatment } from './frame.ts';
export type { PostgresGreeting } from './greet.ts';
export { UpstreamError, type UpstreamErrorCode } from './upstream-error.ts';
export { Catalogue, type CatalogueContent, type Relation } from './catalogue/index.ts';
export { isUnreadable, loadParser, StatementReader, type NameScope, type Statement, type Unreadable } from './sql/index.ts';
