export * from './envelope.ts';
export * from './types.ts';
export * from './message.ts';
export * from './genesis.ts';
export * from './chain.ts';
export * from './disclosure.ts';
export * from './conceal.ts';
export * from './agreement.ts';
