import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allTypes } from '../testing/all-types.ts';
import { readRecord } from '../read-record.ts';
import { stored } from '../testing/samples.ts';
import { knownTypes } from './families.ts';

/** The types as the domain declares them: an interface has no list at run time. */
function declared(): readonly string[] {
  const source = readFileSync(new URL('../../../../domain/events/src/types.ts', import.meta.url), 'utf8');
  return [...source.matchAll(/^ {2}'([a-z_]+\.[a-z_]+)':/gm)].map((match) => match[1] ?? '');
}

describe('families of event types', () => {
  it('know every type that the domain declares, and have a sample of each', () => {
    expect(declared().length).toBeGreaterThan(30);
    expect([...knownTypes.keys()].sort()).toEqual([...declared()].sort());
    expect([...allTypes].sort()).toEqual([...declared()].sort());
  });

  it.each(allTypes)('%s is described in its own words, not generically', (type) => {
    const { says, event } = readRecord(stored(type));
    expect(event?.type).toBe(type);
    expect(says.title).not.toBe(type);
    expect(says.ocsf.class).not.toBe('base_event');
  });

  it('take data of another form than declared the generic way', () => {
    const { bytes, ...rest } = stored('config.changed');
    const other = Buffer.from(Buffer.from(bytes).toString().replace('"version":7', '"version":"7"'));
    expect(readRecord({ ...rest, bytes: other }).says).toMatchObject({ title: 'config.changed', ocsf: { class: 'base_event', activity: 'config.changed' } });
  });

  it('ignore members that a newer producer added', () => {
    const { bytes, ...rest } = stored('config.changed');
    const newer = Buffer.from(Buffer.from(bytes).toString().replace('"version":7', '"version":7,"ticket":"CHG-1"'));
    expect(readRecord({ ...rest, bytes: newer }).says.title).toBe('Configuration changed');
  });
});
