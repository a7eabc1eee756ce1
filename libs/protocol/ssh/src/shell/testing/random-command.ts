import fc from 'fast-check';

/** Names of files, as a sandbox has them, and of some that it has not. */
const file = fc.constantFrom('f', 'd', 'd/e', 'd/d', 'n', 'd/n', './f', 'd/../n', 'd//e', '../home/f', 'd/d/../n', 's', '~/n', '~', '~/d/./e');
const program = fc.constantFrom('rm', 'curl', 'cat', 'touch', 'tee', 'mkdir', 'ls', 'mystery', 'cp', 'sort');
/** Letters with which shells disagree with parsers. */
const noise = fc.constantFrom('\\', "'", '"', '`', '$', '$(', ')', '(', '{', '}', '<', '>', '|', '&', ';', '\n', '#', ' ', '\t', '=', '~', '*', '[', ']', '!', '<<', '<<-E\n', "<<'E'\n", '\nE\n', "$'", '$"', '\\\n', '${', '((', '))', '&&', '||', '>&', '&>', '2', '|&', ';;', 'x', 'f', 'rm', 'then', 'do', 'in', 'esac', 'done', 'fi', '<(', '<<<', '%', ',', '..', '[[', ']]', '-', ':', '@', '+', '?', '^');

/** The same word with other quotes. */
function quoted(word: string): fc.Arbitrary<string> {
  return fc.array(fc.nat(20), { minLength: word.length, maxLength: word.length }).map((how) => [...word].map((c, i) => quote(c, how[i] ?? 0, i)).join(''));
}

function quote(c: string, how: number, at: number): string {
  if (at === 0 && c === '~') return c;
  if (how === 0) return `\\${c}`;
  if (how === 1) return `'${c}'`;
  if (how === 2) return `"${c}"`;
  if (how === 3) return `''${c}`;
  if (how === 4 && c === 'm') return "$'\\x6d'";
  return c;
}

const spelled = (words: fc.Arbitrary<string>) => words.chain((word) => fc.oneof({ arbitrary: fc.constant(word), weight: 3 }, { arbitrary: quoted(word), weight: 1 }));

const argument = fc.oneof(
  { arbitrary: spelled(file), weight: 8 },
  { arbitrary: fc.constantFrom('-r', '-f', '--', '-n', '"$(echo n)"', '"$(echo d/n)"', "'a b'", '"a;b"', '{}', 'a#b', '2'), weight: 3 },
  { arbitrary: fc.constantFrom('*', '$x', '"$x"', '{f,n}', 'n?', '`echo n`', '$(echo d/n)', '$((1+1))', '""', "'a b'", 'a\\ b', '"a;b"', '<(ls)', '${x:-n}', "$'n\\t'", '2', 'x=1', '#', 'a#b', '\\#', '!', '{}', '[', ']', '-'), weight: 1 },
);

const redirect = fc.tuple(fc.constantFrom('>', '>', '>', '>>', '<', '2>', '>|', '<>', '1>', '2>>', '>&', '&>'), fc.oneof(spelled(file), fc.constantFrom('/dev/null', '&1', '$x', '"n n"'))).map(([how, where]) => `${how}${where}`);

export const randomCommand: fc.Arbitrary<string> = fc.letrec<{ simple: string; command: string; list: string; code: string }>((tie) => ({
  simple: fc
    .tuple(fc.constantFrom('', '', '', '', '', '', '', '', 'x=1 ', 'PATH=. '), fc.oneof({ arbitrary: spelled(program), weight: 12 }, { arbitrary: fc.constantFrom('echo', 'cd', 'cd', ':', 'true', 'printf', 'command', '"$(echo rm)"', 'eval', 'exec', 'export'), weight: 6 }, { arbitrary: fc.constantFrom('$x', './s', '{rm,n}'), weight: 1 }), fc.array(argument, { maxLength: 2 }), fc.array(redirect, { maxLength: 1 }))
    .map(([sets, name, words, redirects]) => `${sets}${[name, ...words, ...redirects].join(' ')}`),
  command: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    tie('simple'),
    fc.tuple(fc.constantFrom('env ', 'nice -n 1 ', 'timeout 2 ', 'command ', 'sudo ', 'sudo -u x ', 'xargs ', 'exec ', 'env x=1 ', 'nohup ', 'time ', '! ', 'stdbuf -o L ', 'setsid -w '), tie('simple')).map(([wrapper, inner]) => wrapper + inner),
    tie('list').map((inner) => `(${inner})`),
    tie('list').map((inner) => `{ ${inner}; }`),
    fc.tuple(tie('simple'), tie('list'), tie('list')).map(([test, then, other]) => `if ${test}; then ${then}; else ${other}; fi`),
    fc.tuple(tie('simple'), tie('list')).map(([test, then]) => `while ${test}; do ${then}; break; done`),
    tie('list').map((inner) => `for x in n rm; do ${inner}; done`),
    fc.tuple(argument, tie('list')).map(([word, inner]) => `case ${word} in n|f) ${inner};; *) : ;; esac`),
    fc.tuple(fc.constantFrom('g', 'cat', 'cd'), tie('list'), tie('simple')).map(([name, inner, then]) => `${name}() { ${inner}; }; ${then}; ${name} n`),
    tie('list').map((inner) => `echo "$(${inner})"`),
    tie('list').map((inner) => `echo $(${inner})`),
    tie('simple').map((inner) => `echo \`${inner}\``),
    tie('list').map((inner) => `cat <(${inner})`),
    tie('list').map((inner) => `cat <<E\n$(${inner})\nE\n`),
    tie('list').map((inner) => `sh <<'E'\n${inner}\nE\n`),
    tie('code').map((inner) => `sh -c ${inner}`),
    tie('code').map((inner) => `bash -c ${inner}`),
    tie('code').map((inner) => `eval ${inner}`),
    tie('code').map((inner) => `echo ${inner} | sh`),
    tie('code').map((inner) => `trap ${inner} EXIT`),
    tie('simple').map((inner) => `find d -exec ${inner} {} \\;`),
    tie('simple').map((inner) => `sh -c '${inner.replaceAll("'", '')}' f n`),
  ),
  code: tie('list').map((inner) => `'${inner.replaceAll("'", "'\\''")}'`),
  list: fc.tuple(tie('command'), fc.array(fc.tuple(fc.constantFrom('; ', ' && ', ' || ', ' | ', '\n', ' & '), tie('command')), { maxLength: 1 })).map(([first, rest]) => first + rest.map(([how, next]) => how + next).join('')),
})).list;

/** A random command with letters put into it, or taken out. */
export const brokenCommand: fc.Arbitrary<string> = fc.tuple(randomCommand, fc.array(fc.tuple(fc.nat(), noise, fc.boolean()), { minLength: 1, maxLength: 3 })).map(([command, changes]) => changes.reduce((text, [where, what, isNew]) => changed(text, where % (text.length + 1), what, isNew), command));

function changed(text: string, at: number, what: string, isNew: boolean): string {
  return text.slice(0, at) + (isNew ? what : '') + text.slice(isNew ? at : at + 1);
}
