export * from './subjects.ts';
export * from './contracts/index.ts';
