export * from './reply.ts';
export * from './identity.ts';
export * from './policy.ts';
export * from './masking.ts';
export * from './parameters.ts';
export * from './approvals.ts';
export * from './evidence.ts';
