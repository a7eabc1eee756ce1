export * from './door.ts';
export * from './exam.ts';
export * from './exam-client.ts';
export * from './spied-gate.ts';
export * from './subject.ts';
