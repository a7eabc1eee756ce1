/** Levels of a parse tree that are walked. The server's own stack ends a statement at a few thousand. */
export const maxDepth = 1_500;

/** Views inside views that are followed. */
export const maxViewDepth = 16;

/** Thrown by the walkers, answered by the reader with a refusal. */
export class TooDeep extends Error {
  readonly code = 'ERR_TOO_DEEP';

  constructor() {
    super('nested too deeply');
    this.name = 'TooDeep';
  }
}
