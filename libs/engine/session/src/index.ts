export * from './gate.ts';
export * from './ports.ts';
export { keepsHidden, keepsHiddenSay } from './laundering.ts';
export { TaggedRelations } from './tagged.ts';
export { PermitSpentError } from './permit.ts';
