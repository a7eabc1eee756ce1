export * from './understanding.ts';
export * from './fake-clock.ts';
export * from './fake-ports.ts';
