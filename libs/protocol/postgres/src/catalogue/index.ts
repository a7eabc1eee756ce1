export * from './catalogue.ts';
export * from './queries.ts';
export * from './read.ts';
