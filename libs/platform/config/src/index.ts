export * from './kinds/common.ts';
export * from './kinds/identity.ts';
export * from './kinds/masking.ts';
