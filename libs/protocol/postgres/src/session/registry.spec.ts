import { effect, understanding } from '@sallyport/testing-kit';
import { describe, expect, it } from 'vitest';
import { Registry, type Portal, type Prepared } from './registry.ts';

const prepared = (text: string): Prepared => ({ text, types: [], statement: null, names: null });
const portal = (serial: number): Portal => ({ serial, prepared: prepared('a'), rests: null, parameters: null, columns: null, describedAt: -1, rows: 0, bytes: 0 });
const means = understanding([effect('read', 'ledger.entries')]);

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

  it('are given back when their Close was skipped', () => {
    const registry = new Registry();
    registry.setStatement('s', prepared('a'));
    const undo = registry.closeStatement('s');
    expect(registry.statement('s')).toBeUndefined();
    undo();
    expect(registry.statement('s')?.text).toBe('a');
  });

  it('of portals end with their transaction, but for those that were bound behind it', () => {
    const registry = new Registry();
    registry.setPortal('old', portal(registry.nextSerial()));
    const { mark } = registry;
    registry.setPortal('new', portal(registry.nextSerial()));
    registry.closePortals(mark);
    expect([registry.portal('old'), registry.portal('new')?.serial]).toEqual([undefined, 2]);
  });

  it('of SQL and of the protocol are one: EXECUTE finds both, FETCH only what was declared', () => {
    const registry = new Registry();
    registry.setStatement('p', prepared('select 1'));
    registry.prepare('q', 'prepare q as select 2');
    expect([registry.preparedText('p'), registry.preparedText('q')]).toEqual(['select 1', 'prepare q as select 2']);
    registry.declare('c', means);
    registry.setPortal('d', portal(registry.nextSerial()));
    expect([registry.cursor('c'), registry.cursor('d'), registry.namedPortals]).toEqual([means, undefined, true]);
    registry.deallocate('p');
    registry.deallocate(null);
    registry.closeCursor(null);
    expect([registry.preparedText('p'), registry.preparedText('q'), registry.cursor('c'), registry.portal('d')]).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('cost memory, and that has an end', () => {
    const registry = new Registry();
    const large = 'x'.repeat(1024 * 1024);
    for (let i = 0; i < 64; i++) registry.setStatement(`s${i}`, prepared(large));
    expect(registry.full).toBe(true);
    registry.closeStatement('s0');
    expect(registry.full).toBe(false);
    for (let i = 0; i < 100; i++) registry.setStatement('same', prepared(large))();
    expect(registry.full).toBe(false);
  });
});
