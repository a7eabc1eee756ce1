export * from './session-key.ts';
export * from './open-session.ts';
export * from './session-recorder.ts';
export * from './parse-envelope.ts';
export * from './findings.ts';
export * from './verify.ts';
