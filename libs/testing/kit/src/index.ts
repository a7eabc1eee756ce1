export * from '@sallyport/engine-session/testing';
export * from './fake-clock.ts';
