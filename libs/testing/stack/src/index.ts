export * from './free-port.ts';
export * from './temp-dir.ts';
export * from './child.ts';
export * from './tls-material.ts';
export * from './nats.ts';
export * from './postgres.ts';
export * from './database.ts';
export * from './token-issuer.ts';
