import { describe, expect, it } from 'vitest';
import { controls } from '../controls/index.ts';
import { ffiecDocuments } from './frameworks.ts';
import { mappings } from './mappings.ts';

describe('the mappings', () => {
  it('name every control in every framework, and nothing twice', () => {
    const { controls: mapped, frameworks } = mappings();
    expect(mapped.map(({ id }) => id)).toEqual(controls.map(({ id }) => id));
    for (const { cites } of mapped) {
      for (const { id } of frameworks) {
        const ids = cites[id].map((citation) => citation.id);
        expect(ids.length).toBeGreaterThan(0);
        expect(new Set(ids).size).toBe(ids.length);
        for (const each of ids) expect(each).toMatch(/^[A-Z0-9]/);
      }
    }
  });
  it('say the edition of every FFIEC document that they cite', () => {
    const known = Object.keys(ffiecDocuments);
    for (const { cites } of mappings().controls) for (const { id } of cites.ffiec) expect(known.some((name) => id === name || id.startsWith(`${name} `))).toBe(true);
  });
  it('keep main and checked apart', () => {
    const pci = mappings().controls.find(({ id }) => id === 'EP-13')?.cites['pci-dss'];
    expect(pci).toEqual([{ id: '10.3.1', checked: true }, { id: '10.3.2', checked: true }, { id: '10.3.3', checked: true }, { id: '10.3.4', main: true, checked: true }]);
  });
});
