export * from '@sallyport/testing-servers';
export * from './nats.ts';
export * from './database.ts';
export * from './token-issuer.ts';
export * from './settings.ts';
