import { literal, plain, unknownArg, type Arg } from './arg.ts';
import type { Call, CodeReader } from './call.ts';
import { place, type Place } from './path.ts';
import { places, staying, type Ends } from './scope.ts';
import { setVariable } from './variables.ts';

type Builtin = (call: Call, reader: CodeReader) => Ends;

/** Builtins that do something only to the shell that runs them, or nothing. */
const idle: Builtin = ({ scope }) => staying(scope.cwds);

/** They print or test; counted as programs, since systems have them as such too. */
const spoken: Builtin = ({ out, name, scope }) => {
  out.programs.add(name);
  out.add('execute', 'program', null, name);
  return staying(scope.cwds);
};

/** Processes get a signal. */
const kill: Builtin = (call, reader) => {
  if (!call.args.some((arg) => /^-[lL]/.test(plain(arg) ?? ''))) call.out.add('control', 'other', null, 'process');
  return spoken(call, reader);
};

/** What it does cannot be followed: it changes how the rest is read, or runs what is not in the text. */
const opaque: Builtin = ({ out, scope }) => {
  out.unknownProgram();
  return staying(scope.cwds.length === 0 ? [] : [null]);
};

/** `export A=b C`, `declare -x A=b`: variables. */
const sets: Builtin = ({ args, out, scope }) => {
  for (const arg of args) {
    const word = plain(arg);
    // `-n` makes a name another's, `-i` its values arithmetic, `-a` and `-A` have indices.
    if (word !== null && /^[-+]/.test(word)) {
      if (!/^[-+][xrgtlupf]+$/.test(word)) out.opaque();
      continue;
    }
    const equals = word?.indexOf('=') ?? -1;
    // `declare 'DIRSTACK=($(rm x))'`: Bash reads the value of an array as code again.
    if (word?.slice(equals + 1).startsWith('(') === true) out.opaque();
    if (word === null || equals === -1) setVariable(word, out, '');
    else setVariable(word.slice(0, equals).replace(/\+$/, ''), out, word.slice(equals + 1));
  }
  return staying(scope.cwds);
};

/** `read a b`: each operand names a variable. */
function names(flags: RegExp, values: RegExp): Builtin {
  return ({ args, out, scope }) => {
    for (let i = 0; i < args.length; i++) {
      const word = plain(args[i]);
      if (word !== null && flags.test(word)) continue;
      if (word !== null && values.test(word)) i++;
      else setVariable(word, out);
    }
    return staying(scope.cwds);
  };
}

const cd: Builtin = ({ args, scope, out }) => {
  const operands = args.filter((arg) => plain(arg) !== '--' && !/^-[LPe@]+$/.test(plain(arg) ?? ''));
  const [to] = operands;
  const there: readonly Place[] = operands.length > 1 || (to !== undefined && plain(to) === '-') ? [null] : scope.cwds.map((cwd) => place(to ?? { text: '', home: true }, cwd));
  out.shape(' …');
  return { ok: places(there), fail: scope.cwds };
};

const cdHome: Builtin = (call, reader) => {
  const { home } = reader.settings;
  if (call.out.lost || (call.args.length === 0 && call.scope.homeless)) return { ok: [null], fail: call.scope.cwds };
  return call.args.length === 0 && home !== null ? { ok: [home], fail: call.scope.cwds } : cd(call, reader);
};

/** `exit 1` is never come back from. */
const exit: Builtin = ({ args, scope }) => (args.length === 0 || (args.length === 1 && /^\d{1,3}$/.test(plain(args[0]) ?? '')) ? staying([]) : staying(scope.cwds));

const evaluate: Builtin = ({ args, scope, out }, reader) => {
  const texts = args.map(plain);
  if (texts[0] === '--') texts.shift();
  if (texts.includes(null)) {
    out.unknownProgram();
    return staying([null]);
  }
  out.shape(' ( ');
  const ends = reader.code(texts.join(' '), scope);
  out.shape(' )');
  return ends;
};

/** `exec` with a program is that program; without, only its redirections stay. */
const exec: Builtin = (call) => {
  let at = 0;
  for (; at < call.args.length; at++) {
    const word = plain(call.args[at]);
    if (word === '-a') at++;
    else if (word === '--') return done(call, at + 1);
    else if (word === null || !/^-[cl]+$/.test(word)) break;
  }
  return done(call, at);
};

function done(call: Call, from: number): Ends {
  call.command(call.args.slice(from));
  return staying(call.scope.cwds);
}

/** `command -v x` asks, `command x` runs. */
const command: Builtin = (call, reader) => {
  const word = plain(call.args[0]);
  if (word !== null && /^-[pvV]*[vV][pvV]*$/.test(word)) return staying(call.scope.cwds);
  const rest = word === '-p' ? call.args.slice(1) : call.args;
  return run(plain(rest[0]) === '--' ? rest.slice(1) : rest, call, reader);
};

/** The command inside may be a builtin that moves this shell. */
function run(args: readonly Arg[], call: Call, reader: CodeReader): Ends {
  const name = plain(args[0]);
  if (args.length === 0) return staying(call.scope.cwds);
  call.out.shape(' ');
  const builtin = name === null ? undefined : Object.hasOwn(builtins, name) ? builtins[name] : undefined;
  if (builtin === undefined || name === null) return done(call, call.args.length - args.length);
  call.out.shape(name);
  return builtin(call.with(name, args.slice(1)), reader);
}

const builtin: Builtin = (call, reader) => run(plain(call.args[0]) === '--' ? call.args.slice(1) : call.args, call, reader);

/** `trap code signals`: run later, anywhere. */
const trap: Builtin = (call) => {
  const [first = unknownArg, ...signals] = call.args[0] !== undefined && plain(call.args[0]) === '--' ? call.args.slice(1) : call.args;
  const word = plain(first);
  if (call.args.length === 0 || word === '-l' || word === '-p' || word === '-' || word === '') return staying(call.scope.cwds);
  if (signals.length > 0 || word === null) call.line(first, call.scope.dialect, { ...call.scope, cwds: [null] });
  // At any other time than the end, it may move the shell between two commands.
  if (!signals.every((signal) => /^(?:EXIT|0)$/.test(plain(signal) ?? ''))) call.out.opaque();
  return staying(call.scope.cwds);
};

/** Somewhere on the stack of directories. */
const lost: Builtin = () => staying([null]);

/** The flags that make a script careful; others change how words are read. */
const set: Builtin = (call) => {
  let options = true;
  for (let i = 0; i < call.args.length && options; i++) {
    const word = plain(call.args[i]);
    if (word === null) call.out.opaque();
    else if (word === '--' || !/^[-+]/.test(word)) options = false;
    else if (/^[-+][euxfCnv]*o$/.test(word)) {
      const name = plain(call.args[++i]);
      if (name === null || !/^(?:errexit|nounset|xtrace|pipefail|noglob|noclobber|verbose)$/.test(name)) call.out.opaque();
    } else if (!/^[-+][euxfCv]+$/.test(word)) call.out.opaque();
  }
  return staying(call.scope.cwds);
};

/** In a shell of the POSIX family an alias changes how the next line is parsed. */
const alias: Builtin = (call, reader) => (call.args.every((arg) => /^\w+$|^-p$/.test(plain(arg) ?? '')) ? idle(call, reader) : opaque(call, reader));

/** `test -v 'a[$(rm x)]'` runs what is in the index. */
const test: Builtin = (call, reader) => {
  if (call.args.some((arg) => plain(arg) === '-v' || plain(arg) === '-R')) call.out.opaque();
  return spoken(call, reader);
};

const printf: Builtin = (call, reader) => {
  const first = plain(call.args[0]);
  if (first === null && call.args.length > 0) {
    call.out.opaque();
    return spoken(call, reader);
  }
  if (first?.startsWith('-v') === true) setVariable(first === '-v' ? plain(call.args[1]) : first.slice(2), call.out);
  return spoken(call, reader);
};

/** `umask -S`, `wait -p name`, `unset 'a[$(…)]'`: only plain words are read. */
const plainWords: Builtin = (call) => {
  for (const arg of call.args) if (!/^[\w%=,+:-]*$/.test(plain(arg) ?? '?') || plain(arg)?.startsWith('-p') === true) call.out.opaque();
  return staying(call.scope.cwds);
};

const unset: Builtin = (call) => {
  for (const arg of call.args) {
    const word = plain(arg);
    if (word === '-v' || word === '-f') continue;
    setVariable(word, call.out, '');
  }
  return staying(call.scope.cwds);
};

const source: Builtin = (call) => {
  const file = call.args.find((arg) => plain(arg) !== '--') ?? unknownArg;
  // It runs in this shell: it may define what it likes.
  call.script(plain(file)?.includes('/') === false ? literal(`./${plain(file) ?? ''}`) : file);
  call.out.unknownProgram();
  return staying([null]);
};

/** Every name that a shell takes for itself, and what becomes of it here. What is not a builtin of all shells is a program's name too. */
export const builtins: Readonly<Record<string, Builtin>> = Object.freeze({
  ':': idle, true: idle, false: idle, break: idle, continue: idle, return: idle, shift: idle, times: idle, jobs: (call: Call, reader: CodeReader) => (call.args.length === 0 ? idle(call, reader) : opaque(call, reader)), wait: plainWords, umask: plainWords, ulimit: plainWords,
  type: idle, hash: (call: Call, reader: CodeReader) => (call.args.length === 0 || plain(call.args[0]) === '-r' ? idle(call, reader) : opaque(call, reader)),
  bg: idle, fg: idle, disown: idle, suspend: idle, logout: exit, exit, history: opaque, fc: opaque, bind: opaque, complete: opaque, compgen: opaque, compopt: opaque, enable: opaque, shopt: opaque,
  mapfile: opaque, readarray: opaque, let: opaque, caller: idle, help: idle, dirs: idle, getopts: opaque,
  cd: cdHome, chdir: cdHome, pushd: lost, popd: lost,
  echo: spoken, printf, pwd: spoken, '[': test, test, kill,
  export: sets, readonly: sets, local: sets, declare: sets, typeset: sets, unset,
  read: names(/^-[ers]+$/, /^-[dinNptu]$/), eval: evaluate, exec, command, builtin, trap, set, alias, unalias: idle, '.': source, source,
});
