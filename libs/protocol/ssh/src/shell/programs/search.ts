import { isUnknown, literal, plain, unknownArg, type Arg } from '../arg.ts';
import type { Call } from '../call.ts';
import { place } from '../path.ts';
import type { ProgramReader, Programs, ProgramSpec } from '../spec.ts';

const greps: ProgramSpec = {
  flags: 'abcEFGhHiIlLnopPqsTUvVwxyZz', values: 'ABCDdme', numbers: true, operands: 'search',
  long: 'regexp= ignore-case invert-match count color? colour? line-number with-filename no-filename only-matching quiet silent files-with-matches files-without-match max-count= after-context= before-context= context= include= exclude= exclude-dir= text binary-files= perl-regexp extended-regexp fixed-strings basic-regexp word-regexp line-regexp null null-data no-messages line-buffered byte-offset label= directories= devices=',
  acts: { '-r': '+recursive', '-R': '+recursive', '--recursive': '+recursive', '--dereference-recursive': '+recursive', '-f': 'read', '--file': 'read', '--exclude-from': 'read' },
};

const grep: ProgramReader = (call) => {
  const { options, operands } = call.parse(greps);
  const patterned = options.some(({ name }) => name === '-e' || name === '--regexp' || name === '-f' || name === '--file');
  const recursive = options.some(({ act }) => act === '+recursive');
  for (const { act, arg } of options) if (act === 'read') call.file('read', arg ?? unknownArg);
  if (recursive) call.out.recursive = true;
  const files = patterned ? operands : operands.slice(1);
  if (operands.length > 0) call.out.shape(' …');
  if (files.length === 0 && recursive) call.file('read', literal('.'));
  for (const file of files) if (plain(file) !== '-') call.file('read', file);
};

/** Tests and actions of find by what follows them. */
const alone = new Set(
  '( ) ! , -not -a -and -o -or -daystart -depth -d -follow -mount -xdev -noleaf -ignore_readdir_race -noignore_readdir_race -warn -nowarn -empty -executable -false -true -nogroup -nouser -readable -writable -print -print0 -ls -prune -quit -help -version'.split(' '),
);
const withValue = new Set(
  '-maxdepth -mindepth -regextype -amin -anewer -atime -cmin -cnewer -ctime -fstype -gid -group -ilname -iname -inum -ipath -iregex -iwholename -links -lname -mmin -mtime -name -newer -path -perm -regex -size -type -uid -used -user -wholename -xtype -printf -context -samefile'.split(' '),
);
const execs = new Set(['-exec', '-execdir', '-ok', '-okdir']);

/** Where it starts is read, and what its actions do is done to anything below. */
const find: ProgramReader = (call) => {
  const { args, out } = call;
  let at = 0;
  while (/^-[HLP]$|^-D$|^-O\d$/.test(plain(args[at]) ?? '')) at += plain(args[at]) === '-D' ? 2 : 1;
  const starts: Arg[] = [];
  for (; at < args.length && !/^(?:-.+|[()!,])$/.test(plain(args[at]) ?? ''); at++) starts.push(args[at] ?? unknownArg);
  if (starts.length === 0) starts.push(literal('.'));
  // A start that is not known may be an action.
  if (starts.some(isUnknown)) out.unknownProgram();
  out.recursive = true;
  for (const start of starts) call.file('read', start);
  while (at < args.length) {
    const word = plain(args[at++]);
    if (word !== null) out.shape(` ${alone.has(word) || withValue.has(word) || execs.has(word) ? word : '…'}`);
    if (word !== null && alone.has(word)) continue;
    if (word !== null && (withValue.has(word) || /^-newer[aBcmt][aBcmt]$/.test(word))) at++;
    else if (word === '-delete') for (const start of starts) call.file('write', start);
    else if (word === '-fprint' || word === '-fprint0' || word === '-fls') call.file('write', args[at++] ?? unknownArg);
    else if (word === '-fprintf') {
      call.file('write', args[at] ?? unknownArg);
      at += 2;
    } else if (word === '-files0-from') return out.unknownFile();
    else if (word !== null && execs.has(word)) at = action(call, at, starts, word.endsWith('dir'));
    else return out.unknownProgram();
  }
};

/** `-exec command … ;` or `-exec command … {} +`. Gives where it ends. */
function action(call: Call, from: number, starts: readonly Arg[], inside: boolean): number {
  let end = from;
  while (end < call.args.length && plain(call.args[end]) !== ';' && !(plain(call.args[end]) === '+' && plain(call.args[end - 1]) === '{}')) end++;
  const words = call.args.slice(from, end);
  if (end === call.args.length || words.some(isUnknown)) call.out.unknownProgram();
  // `-execdir` runs where the file is, under a name that is not known.
  const scope = inside ? { ...call.scope, cwds: [null] } : call.scope;
  for (const start of starts) {
    const named = inside || plain(words[0])?.includes('{}') === true ? unknownArg : start;
    call.command(words.map((word) => (plain(word) === '{}' ? named : plain(word)?.includes('{}') === true ? unknownArg : word)), scope);
    widen(call, start);
  }
  return end + 1;
}

/** What is written below the start may be written below anything below it: `cp a b {}`. */
function widen(call: Call, start: Arg): void {
  const below = call.scope.cwds.map((cwd) => `${place(start, cwd) ?? '?'}/`);
  if (call.out.effects.some(({ verb, resource }) => verb === 'write' && resource.kind === 'file' && below.some((path) => resource.name.startsWith(path)))) call.file('write', start);
}

export const search: Programs = { grep, egrep: grep, fgrep: grep, find };
