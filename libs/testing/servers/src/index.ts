export * from './free-port.ts';
export * from './temp-dir.ts';
export * from './child.ts';
export * from './tls-material.ts';
export * from './form-browser.ts';
export * from './nats-process.ts';
export * from './postgres.ts';
export * from './sshd.ts';
