export * from './fake-ports.ts';
export * from './understanding.ts';
