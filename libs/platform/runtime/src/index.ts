export * from './readiness.ts';
export * from './environment.ts';
export * from './service.ts';
export * from './boot.ts';
export * from './run-service.ts';
export * from './every.ts';
export * from './package-version.ts';
export * from './reader-key-file.ts';
