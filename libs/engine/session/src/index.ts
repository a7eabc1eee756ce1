export * from './gate.ts';
export * from './ports.ts';
export { PermitSpentError } from './permit.ts';
