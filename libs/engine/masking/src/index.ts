export { createMasker } from './masker.ts';
export { TokenKeyError } from './token.ts';
