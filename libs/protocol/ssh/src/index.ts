export * from './shell/index.ts';
export { SshAdapter, type SshOptions } from './adapter.ts';
export { missingCrypto, type HostKey } from './wire/library.ts';
export { publicKeyBlob, publicKeyLine } from './certificate/public-key.ts';
