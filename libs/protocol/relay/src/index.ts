export * from './errors.ts';
export * from './frame-splitter.ts';
export * from './handshake-reader.ts';
export * from './inlet.ts';
export * from './last-words.ts';
export * from './outlet.ts';
