export * from './control.ts';
export type { NameScope } from './names.ts';
export { loadParser, isUnreadable, StatementReader, type ReaderLimits, type Statement, type StatementSet, type Unreadable } from './understand.ts';
export type { Parser } from './parser.ts';
export { largestStatement, usualStatement } from './limits.ts';
