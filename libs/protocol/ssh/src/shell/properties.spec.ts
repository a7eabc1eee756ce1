import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verbs } from '@sallyport/domain-model';
import { bypasses } from './testing/bypasses.ts';
import { brokenCommand } from './testing/random-command.ts';
import { CommandReader, CommandReaders } from './reader.ts';
import { isUnreadable, understand } from './understand.ts';

const bash = { shell: 'bash', home: null, maxBytes: 64 * 1024 } as const;
const sh = { ...bash, shell: 'sh' } as const;

/** Letters that shells make something of. */
const letters = fc.string({ unit: fc.constantFrom(...' \t\n\'"`$(){}[]<>|&;#=~*?!\\-:,.^%@+/0129abrm', '$(', '${', '<<', '<<<', '>(', '((', '))', '[[', ']]', "$'", '&&', '||', ';;', 'rm ', 'if ', 'then ', 'fi', 'do ', 'done', 'case ', 'in ', 'esac', 'sh -c ', 'eval ', 'E\n', 'é', '\u{1F600}'), maxLength: 200 });

describe('whatever is sent', () => {
  it.each([bash, sh])('is answered, and the answer is well formed', (settings) => {
    fc.assert(
      fc.property(fc.oneof(letters, fc.string({ unit: 'binary' }), brokenCommand), (text) => {
        const means = understand(text, settings);
        if (isUnreadable(means)) return;
        expect(means.effects.length).toBeGreaterThan(0);
        expect(means.effects.every(({ verb }) => verbs.includes(verb))).toBe(true);
        expect(Object.isFrozen(means) && Object.isFrozen(means.effects) && Object.isFrozen(means.facts)).toBe(true);
        // No rule for a path matches what has no place.
        for (const { resource } of means.effects) if (resource.kind === 'file') expect(resource.schema === '?' ? !/^[/~]/.test(resource.name) : /^[/~]/.test(resource.name), resource.name).toBe(true);
        for (const { resource } of means.effects) if (resource.kind === 'file') expect(`${resource.name}/`).not.toMatch(resource.schema === '?' ? /^\// : /\/\.{0,2}\//.test(resource.name) ? /./ : /^$/);
        expect(understand(text, settings)).toEqual(means);
      }),
      { numRuns: 3_000 },
    );
  });

  it('is answered as text and as bytes alike, and bytes that are no text are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = Buffer.from(bytes).toString('utf8');
        const means = understand(bytes, bash);
        if (text.includes('\uFFFD')) expect(isUnreadable(means)).toBe(true);
        else expect(means).toEqual(understand(text, bash));
      }),
    );
    fc.assert(
      fc.property(brokenCommand, (text) => {
        expect(understand(Buffer.from(text), bash)).toEqual(understand(text, bash));
      }),
    );
  });
});

describe('a command that is read the same by every shell', () => {
  it('does for all of them what it does for Bash', () => {
    for (const { text } of bypasses) {
      const means = understand(text, sh);
      if (isUnreadable(means) || means.reading === 'opaque') continue;
      expect(means.effects.filter(({ resource }) => resource.name !== 'time'), text).toEqual(expect.arrayContaining([...understandBash(text).filter(({ resource }) => resource.name !== 'time')]));
    }
  });
});

function understandBash(text: string) {
  const means = understand(text, bash);
  return isUnreadable(means) ? [] : means.effects;
}

describe('an answer does not take longer than its text is long', () => {
  const n = 60_000;
  const over = (piece: string, end = '') => piece.repeat(Math.floor(n / piece.length)) + end;
  it.each([
    ['words', over('a ')], ['commands', over('ls;')], ['pipes', over('ls|')], ['substitutions', over('$(', 'ls')], ['closed substitutions', over('$(', '') .slice(0, 30_000) + ')'.repeat(15_000)], ['backticks', over('`ls` ')], ['open backticks', over('`')], ['quotes', over("'a'")], ['open quotes', over('"$(')], ['parentheses', over('(', 'ls')], ['braces', over('{ ', 'ls')],
    ['brace lists', over('{a,b}')], ['nested braces', over('{a,')], ['expansions', over('${x:-')], ['arithmetic', `echo $((${over('(')}`], ['sums', `echo $((1${over('+1')}))`], ['tests', `[[ ${over('( ')}`], ['negations', over('! ')], ['assignments', over('a=1 ')], ['redirections', over('>a ')], ['here-documents', over('<<E ')], ['here-documents with ends', over('cat <<E\nE\n')], ['heredoc body', `cat <<E\n${over('$(')}\nE`], ['if', over('if ls; then ')], ['case', over('case a in a) ')], ['functions', over('f() { ')], ['globs', over('*')], ['extended globs', over('@(a|')], ['classes', over('[[:')], ['backslashes', over('\\')], ['line ends', over('\\\n')], ['eval', over('eval ')], ['sudo', over('sudo ')], ['env', over('env ')], ['files', `touch ${over('a/../')}`], ['many files', `touch ${Array.from({ length: 8_000 }, (_, i) => `f${i}`).join(' ')}`], ['and-or', over('ls&&')], ['cd', over('cd a||cd b;')], ['find', `find . ${over('-exec ls ; ')}`], ['tildes', over('~/')], ['sed', `sed '${over('s/a/b/;')}'`], ['sed brackets', `sed 's/${over('[')}/'`], ['awk', `awk '${over('(NR>1)')}'`], ['comments', over('#a\n')], ['elif', `if ls; then ls; ${over('elif ls; then ls; ')}fi`], ['loops', over('for i in a; do ')],
    ['nested sh', over("sh -c '")], ['quoted sh', nested(8)], ['process substitutions', over('cat <(')], ['xargs', over('xargs ')], ['indices', over('a[')], ['locale strings', over('$"')], ['arrays', over('a=(')],
  ])('%s', (_, text) => {
    for (const settings of [bash, sh]) {
      understand('ls', settings);
      const start = process.cpuUsage();
      understand(text.slice(0, 64 * 1024), settings);
      const { user, system } = process.cpuUsage(start);
      // Of the processor, as the machine may be busy. What takes quadratic time takes many seconds for such a text.
      expect((user + system) / 1000).toBeLessThan(1_500);
    }
  });
});

/** `sh -c "sh -c \"…\""`: each level doubles its backslashes. */
function nested(depth: number): string {
  let text = 'rm x';
  for (let i = 0; i < depth; i++) text = `sh -c "${text.replace(/["\\$`]/g, '\\$&')}"`;
  return text;
}

describe('quoted code in quoted code', () => {
  it.each([1, 2, 3, 4, 5, 8])('is read %i deep', (depth) => {
    expect(understand(nested(depth), bash)).toMatchObject({ reading: 'whole', facts: { programs: ['rm', 'sh'] } });
  });
});

describe('a reader', () => {
  it('gives the same object for the same text while it remembers it', () => {
    const reader = new CommandReader(bash, 4);
    const first = reader.read('ls');
    expect(reader.read('ls')).toBe(first);
    reader.read('a');
    expect(reader.read('ls')).toBe(first);
    for (const text of ['b', 'c', 'd', 'e', 'f']) reader.read(text);
    expect(reader.read('ls')).not.toBe(first);
    expect(reader.read('ls')).toEqual(first);
  });

  it('does not remember refusals and long texts', () => {
    const reader = new CommandReader(bash);
    expect(reader.read('\0')).not.toBe(reader.read('\0'));
    const long = `echo ${'a'.repeat(5_000)}`;
    expect(reader.read(long)).not.toBe(reader.read(long));
  });

  it('is one for all targets with the same settings, whatever else they are', () => {
    const readers = new CommandReaders();
    const one = readers.of({ ...bash });
    expect(readers.of({ ...bash })).toBe(one);
    expect(readers.of({ ...bash, shell: 'sh' })).not.toBe(one);
    for (let i = 0; i < 100; i++) readers.of({ ...bash, home: `/home/${i}` });
    expect(readers.of(bash)).not.toBe(one);
  });
});
