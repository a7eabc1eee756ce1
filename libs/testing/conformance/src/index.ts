export * from './door.ts';
export * from './spied-gate.ts';
