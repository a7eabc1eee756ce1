import { isUnknown, plain, unknownArg } from '../arg.ts';
import type { ProgramReader, Programs } from '../spec.ts';
import type { Dialect } from '../settings.ts';

/**
 * A shell runs the word behind `-c`, a file, or its standard input. `dialect` null: one that is not read.
 */
function shell(dialect: Dialect | null): ProgramReader {
  return (call) => {
    const { args, out } = call;
    let code = false;
    let stdin = false;
    let posix = false;
    let at = 0;
    for (; at < args.length; at++) {
      const word = plain(args[at]);
      if (word === null || word === '-' || word === '--' || !/^[-+]./.test(word)) break;
      out.shape(` ${/^[-+][a-z]{1,4}$/.test(word) ? word : '…'}`);
      if (word === '--posix') posix = true;
      else if (word === '--norc' || word === '--noprofile' || word === '--noediting') continue;
      // Its profile runs first, unseen.
      else if (word === '--login') out.partial();
      else if (word === '--version' || word === '--help') return;
      else if (/^[-+][eEuxvfnlcsChmB]*o?$/.test(word)) {
        if (word.endsWith('o') && !/^(?:errexit|nounset|xtrace|verbose|noglob|pipefail|noclobber|errtrace)$/.test(plain(args[++at]) ?? '')) out.unknownProgram();
        code ||= word.startsWith('-') && word.includes('c');
        stdin ||= word.includes('s');
        if (word.includes('l')) out.partial();
      } else out.unknownProgram();
    }
    if (isUnknown(args[at] ?? { text: '', home: false })) out.unknownProgram();
    if (plain(args[at]) === '-' || plain(args[at]) === '--') at++;
    const [first] = args.slice(at);
    if (code) return first === undefined ? undefined : call.line(first, posix && dialect !== null ? 'sh' : dialect);
    if (first !== undefined && !stdin) return call.script(first);
    if (call.scope.stdin === 'elsewhere') return out.unknownProgram();
    call.line({ text: call.scope.stdin.text, home: false }, dialect);
  };
}

/** Names that are not read here: their texts mean other things. */
const foreign = shell(null);

/** Runs code in a language of its own; only a file's name says anything. */
const interpreter = (harmless: RegExp): ProgramReader => (call) => {
  const { args, out } = call;
  if (args.length === 1 && /^(?:--version|-V|-v|--help|-h)$/.test(plain(args[0]) ?? '')) return;
  let at = 0;
  while (at < args.length && harmless.test(plain(args[at]) ?? '')) at++;
  const first = args[at] ?? unknownArg;
  const word = plain(first);
  // An option with code, or none: what comes over standard input.
  if (isUnknown(first) || word === '-' || word?.startsWith('-') === true) return out.unknownProgram();
  call.script(first);
};

const python = interpreter(/^-[uBEsSOIqx]+$/);
const plainly = interpreter(/^-[wWtTs]$/);
const opaque = interpreter(/^$/);

const names = 'php lua luajit tclsh wish osascript Rscript R julia deno bun java groovy scala kotlin erl elixir iex ghci runghc guile racket sbcl clisp swipl gjs qjs jjs jshell irb pry ts-node tsx nodejs node ruby gnuplot octave bc dc m4';

export const shells: Programs = {
  sh: shell('sh'), dash: shell('sh'), ash: shell('sh'), bash: shell('bash'),
  rbash: foreign, zsh: foreign, ksh: foreign, mksh: foreign, ksh93: foreign, pdksh: foreign, oksh: foreign, yash: foreign, posh: foreign, fish: foreign, csh: foreign, tcsh: foreign, pwsh: foreign, rc: foreign, es: foreign, nu: foreign, elvish: foreign, xonsh: foreign,
  python, python2: python, python3: python, pypy: python, pypy3: python, perl: plainly,
  ...Object.fromEntries(names.split(' ').map((name) => [name, opaque])),
};
