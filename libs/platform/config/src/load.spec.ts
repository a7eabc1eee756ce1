import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadDirectory, loadText } from './load.ts';

const group = (name: string) => `apiVersion: sallyport/v1\nkind: Group\nmetadata: { name: ${name} }\nspec: { purpose: nightly jobs }\n`;
const says = (text: string) => loadText('a.yaml', text).problems.map((problem) => `${problem.line}:${problem.column} ${problem.path}: ${problem.say}`);

describe('loading', () => {
  it('reads several documents of one file with their lines, and skips empty ones', () => {
    const loaded = loadText('a.yaml', `---\n${group('one')}---\n# nothing here\n---\n${group('two')}`);
    expect(loaded.problems).toEqual([]);
    expect(loaded.documents.map(({ document, line }) => [document.metadata.name, line])).toEqual([['one', 2], ['two', 9]]);
  });

  it('names file, line and path of an unknown field, with a suggestion', () => {
    const text = 'apiVersion: sallyport/v1\nkind: Group\nmetadata:\n  name: one\nspec:\n  purpos: nightly\n';
    expect(says(text)).toEqual(expect.arrayContaining(['6:11 spec.purpos: unknown field "purpos", did you mean purpose?']));
  });

  it('looks into alternatives for the field that was meant', () => {
    const text = 'apiVersion: sallyport/v1\nkind: Issuer\nmetadata: { name: a }\nspec:\n  issuer: https://a.example\n  provider: generic\n  trusts: [people]\n  keys: { discover: true }\n  algorithms: [ES256]\n  audiences: [sallyport]\n';
    expect(says(text).join('\n')).toContain('spec.keys.discover: unknown field "discover", did you mean discovery?');
  });

  it('refuses an unknown kind with a suggestion, and no kind', () => {
    expect(says(group('a').replace('Group', 'Gruop'))).toEqual(['2:7 kind: unknown kind "Gruop", did you mean Group?']);
    expect(says('just text')[0]).toContain('a document needs a kind');
  });

  it('refuses what YAML itself finds wrong: a field twice, bad indentation, unknown tags', () => {
    expect(says('a: 1\na: 2\n')[0]).toMatch(/^2:1 : /);
    expect(says('a:\n  - b\n c: d\n').length).toBeGreaterThan(0);
    expect(says('a: !!js/function x\n').length).toBeGreaterThan(0);
  });

  it('does not let aliases blow a document up', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]', ...'bcdefgh'.split('').map((key, i) => `${key}: &${key} [${Array(9).fill(`*${'abcdefgh'.charAt(i)}`).join(', ')}]`)].join('\n');
    expect(says(bomb)[0]).toMatch(/alias/i);
  });

  it('keeps dates and words as they stand', () => {
    expect(says(group('no'))).toEqual([]);
    expect(loadText('a.yaml', group('no')).documents[0]?.document.metadata.name).toBe('no');
  });

  it('walks folders in name order and names documents that stand twice', async () => {
    const root = await mkdtemp(join(tmpdir(), 'config-'));
    try {
      await mkdir(join(root, 'b'));
      await writeFile(join(root, 'b', 'x.yml'), group('one'));
      await writeFile(join(root, 'a.yaml'), group('one'));
      await writeFile(join(root, '.hidden.yaml'), 'broken: [');
      await writeFile(join(root, 'z.cedar'), 'not ours');
      await writeFile(join(root, 'latin.yaml'), Buffer.from([0xff, 0xfe]));
      const loaded = await loadDirectory(root);
      expect(loaded.documents.map((one) => one.file)).toEqual([join(root, 'a.yaml'), join(root, 'b', 'x.yml')]);
      expect(loaded.problems.map((one) => one.say)).toEqual(['is not UTF-8 text', `Group/one stands already in ${join(root, 'a.yaml')}:1`]);
    } finally {
      await rm(root, { recursive: true });
    }
  });
});
