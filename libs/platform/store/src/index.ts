export * from './errors.ts';
export { openStore, type Store, type StoreOptions } from './store.ts';
export * from './migrate.ts';
export * from './bootstrap-sql.ts';
export * from './outbox.ts';
export * from './applied-change.ts';
