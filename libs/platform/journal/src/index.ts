export * from './errors.ts';
export * from './journal-bus.ts';
export * from './limits.ts';
export * from './nats-journal-bus.ts';
export * from './open-journal.ts';
export { Journal, type JournalState } from './journal.ts';
