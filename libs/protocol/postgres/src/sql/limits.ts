/** Levels of a parse tree that are walked. The server's own stack ends a statement at a few thousand. */
export const maxDepth = 1_500;

/** UTF-8 bytes of a text that are read unless a target says otherwise, long literals and comments not counted. Reading holds up every session of the gateway: 100 KB take up to a quarter of a second. */
export const usualStatement = 128 * 1024;

/** More than this no target may have read, whatever it is. */
export const largestStatement = 1024 * 1024;

/** Statements in one text: each is decided and recorded by itself. */
export const maxStatements = 2_000;

/**
 * Steps of following columns to where they come from, which can grow with the square of the text (many columns of many tables). One step
 * takes some 50 ns. A hundred unqualified columns over twenty joined tables of fifty columns take a hundred thousand.
 */
export const maxEffort = 3_000_000;

/** Views inside views that are followed. */
export const maxViewDepth = 16;

/** Thrown by the lineage, answered by the reader with a refusal. */
export class TooCostly extends Error {
  readonly code = 'ERR_TOO_COSTLY';

  constructor() {
    super('too many columns of too many tables');
    this.name = 'TooCostly';
  }
}

/** Thrown by the walkers, answered by the reader with a refusal. */
export class TooDeep extends Error {
  readonly code = 'ERR_TOO_DEEP';

  constructor() {
    super('nested too deeply');
    this.name = 'TooDeep';
  }
}
