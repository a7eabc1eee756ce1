export * from './errors.ts';
export * from './file-secrets.ts';
export * from './env-secrets.ts';
export * from './secret-source.ts';
export * from './own-key.ts';
