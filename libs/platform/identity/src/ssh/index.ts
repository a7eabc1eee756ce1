export * from './public-key.ts';
export * from './authority.ts';
export * from './certificate.ts';
export * from './verify-certificate.ts';
export * from './source-address.ts';
export * from './known-hosts.ts';
