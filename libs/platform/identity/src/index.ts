export * from './refused.ts';
export { maxTokenLength, type Claims } from './compact-jws.ts';
export * from './token-verifier.ts';
export { type KeySourceStatus } from './key-source.ts';
export { matchBinding, type Candidate, type Match } from './match-binding.ts';
export * from './compare-bindings.ts';
export * from './match-person.ts';
export * from './npid.ts';
export * from './evidence-claims.ts';
