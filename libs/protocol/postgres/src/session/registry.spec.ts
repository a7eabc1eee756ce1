import { describe, expect, it } from 'vitest';
import { Registry, type Prepared } from './registry.ts';

const prepared = (text: string): Prepared => ({ text, statement: null, names: null });

describe('names of a session', () => {
  it('are there for later frames of the same pipeline, and taken back when the server refused', () => {
    const registry = new Registry();
    const undo = registry.setStatement('s', prepared('a'));
    expect(registry.statement('s')?.text).toBe('a');
    undo();
    expect(registry.statement('s')).toBeUndefined();
  });

  it('get back what stood there before', () => {
    const registry = new Registry();
    registry.setStatement('', prepared('old'));
    const undo = registry.setStatement('', prepared('new'));
    undo();
    expect(registry.statement('')?.text).toBe('old');
  });

  it('are not taken back when somebody else has set them since', () => {
    const registry = new Registry();
    const undo = registry.setStatement('', prepared('first'));
    registry.setStatement('', prepared('second'));
    undo();
    expect(registry.statement('')?.text).toBe('second');
  });

  it('taken back newest first end where they began', () => {
    const registry = new Registry();
    registry.setStatement('', prepared('before'));
    const undos = ['one', 'two', 'three'].map((text) => registry.setStatement('', prepared(text)));
    for (const undo of undos.reverse()) undo();
    expect(registry.statement('')?.text).toBe('before');
  });
});
