export * from './errors.ts';
export * from './store.ts';
export * from './migrate.ts';
export * from './bootstrap-sql.ts';
export * from './outbox.ts';
