import { behind, isUnknown, literal, plain, unknownArg, type Arg } from '../arg.ts';
import type { Call } from '../call.ts';
import { directory, place } from '../path.ts';
import type { ProgramReader, Programs, ProgramSpec } from '../spec.ts';

const copies: ProgramSpec = {
  flags: 'bfiHLnPuvxTdp', values: 'S', operands: 'into',
  long: 'backup? force interactive no-clobber dereference no-dereference preserve? no-preserve= update? verbose one-file-system no-target-directory reflink? sparse= suffix= attributes-only remove-destination strip-trailing-slashes',
  acts: { '-r': '+recursive', '-R': '+recursive', '-a': '+recursive', '--recursive': '+recursive', '--archive': '+recursive', '-l': '+writes', '-s': '+writes', '--link': '+writes', '--symbolic-link': '+writes', '-t': 'value', '--target-directory': 'value' },
};
const moves: ProgramSpec = {
  flags: 'bfinuvT', values: 'S', operands: 'away', long: 'backup? force interactive no-clobber update? verbose no-target-directory suffix= strip-trailing-slashes',
  acts: { '-t': 'value', '--target-directory': 'value' },
};
const links: ProgramSpec = { ...moves, flags: 'bdfFiLnPrsvT', long: 'backup? directory force interactive logical physical no-dereference relative symbolic verbose no-target-directory suffix=' };

const isTarget = (name: string): boolean => name === '-t' || name === '--target-directory';

/** cp, mv, install: files go to the last operand, or with `-t` to the option's. */
function puts(spec: ProgramSpec, sourceVerb: 'read' | 'write'): ProgramReader {
  return (call) => {
    const { options, operands } = call.parse(spec);
    const into = options.find((option) => isTarget(option.name))?.arg;
    const verb = options.some((option) => option.act === '+writes') ? 'write' : sourceVerb;
    if (options.some((option) => option.act === '+recursive') || sourceVerb === 'write') call.out.recursive = true;
    for (const option of options) if (option.act === 'program') call.command([option.arg ?? unknownArg, unknownArg]);
    const sources = into === undefined ? operands.slice(0, -1) : operands;
    const target = into ?? operands.at(-1);
    if (operands.length > 0) call.out.shape(' …');
    for (const source of sources) call.file(verb, source);
    if (target !== undefined) call.intoDirectory(sources, target, into !== undefined);
  };
}

/**
 * A link gives a way to what it points at: both its place and that are written. A symbolic link's target is seen from where the link is, which may
 * be the last operand or a directory of that name.
 */
const ln: ProgramReader = (call) => {
  const { options, operands } = call.parse(links);
  const into = options.find((option) => isTarget(option.name))?.arg;
  const has = (...names: readonly string[]) => options.some(({ name }) => names.includes(name));
  const fromLink = has('-s', '--symbolic') && !has('-r', '--relative');
  const single = into === undefined && operands.length === 1;
  const sources = into !== undefined || single ? operands : operands.slice(0, -1);
  const target = into ?? (single ? literal('./') : operands.at(-1));
  if (target === undefined) return;
  call.out.shape(' …');
  for (const source of sources) {
    for (const scope of fromLink ? linkScopes(call, target) : [call.scope]) call.file('write', source, scope);
  }
  call.intoDirectory(sources, target, into !== undefined);
};

function linkScopes(call: Call, target: Arg) {
  return call.scope.cwds.flatMap((cwd) => {
    const where = place(target, cwd);
    return [{ ...call.scope, cwds: [where] }, { ...call.scope, cwds: [where === null || where === '~' ? null : directory(where)] }];
  });
}

const install: ProgramReader = (call) => {
  const spec: ProgramSpec = { flags: 'bcCDpsTvZ', values: 'gmoS', long: 'compare mode= owner= group= preserve-timestamps verbose suffix=', acts: { '-d': '+writes', '--directory': '+writes', '-t': 'value', '--target-directory': 'value', '--strip-program': 'program' }, operands: 'into' };
  if (call.args.some((arg) => /^-[a-zA-Z]*d|^--directory$/.test(plain(arg) ?? ''))) return call.apply({ ...spec, operands: 'write' });
  puts(spec, 'read')(call);
};

/** chmod, chown, chgrp: the first operand is the mode or owner, unless it comes from another file. */
function marks(spec: ProgramSpec, mode: RegExp | null): ProgramReader {
  return (call) => {
    const words = mode === null ? call.args : call.args.map((arg) => (mode.test(plain(arg) ?? '') ? literal('mode') : arg));
    const { options, operands } = call.parse(spec, words);
    const reference = options.find(({ name }) => name === '--reference')?.arg;
    if (reference !== undefined) call.file('read', reference);
    if (options.some((option) => option.act === '+recursive')) call.out.recursive = true;
    call.out.shape(' …');
    for (const file of reference === undefined ? operands.slice(1) : operands) call.file('write', file);
    if (isUnknown(operands[0] ?? literal(''))) call.unsure();
  };
}

const dd: ProgramReader = (call) => {
  for (const arg of call.args) {
    const word = plain(arg);
    if (word === null) call.unsure();
    else if (word.startsWith('if=')) call.file('read', behind(arg, 3));
    else if (word.startsWith('of=')) call.file('write', behind(arg, 3));
    else if (!/^(?:bs|ibs|obs|cbs|count|skip|seek|iseek|oseek|conv|iflag|oflag|status)=/.test(word)) call.unsure();
  }
};

/** A new name below `/tmp`, a directory, or a pattern. */
const mktemp: ProgramReader = (call) => {
  const { options, operands } = call.parse({ flags: 'dqtu', long: 'directory quiet dry-run suffix=', acts: { '-p': 'value', '--tmpdir': 'optional' }, operands: 'write' });
  const base = options.find(({ name }) => name === '-p' || name === '--tmpdir');
  const below = base !== undefined || options.some(({ name }) => name === '-t') || operands.length === 0;
  const root = base?.arg ?? literal('/tmp');
  for (const name of operands.length === 0 ? [literal('tmp.XXXXXXXXXX')] : operands) {
    if (root.text === null || name.text === null) call.unsure();
    else call.file('write', below ? { text: `${root.text}/${name.text}`, home: root.home } : name);
  }
};

/** Pieces are written under names that begin with the second operand. */
const split: ProgramReader = (call) => {
  const { options, operands } = call.parse({ flags: 'dexuz', values: 'abClnt', long: 'bytes= lines= number= suffix-length= numeric-suffixes? additional-suffix= verbose', acts: { '--filter': 'command' }, operands: 'read' });
  for (const option of options) if (option.act === 'command') call.line(option.arg ?? unknownArg);
  if (options.some(({ name }) => name === '--additional-suffix')) call.unsure();
  if (operands[0] !== undefined && plain(operands[0]) !== '-') call.file('read', operands[0]);
  const prefix = operands[1] ?? literal('x');
  call.file('write', prefix.text === null ? prefix : { text: `${prefix.text}aa`, home: prefix.home });
};

const tree: ProgramSpec['acts'] = { '-R': '+recursive', '--recursive': '+recursive' };

/** Programs that change files. */
export const write: Programs = {
  cp: puts(copies, 'read'), mv: puts(moves, 'write'), ln, link: { operands: 'write' }, install, dd, mktemp, split,
  rm: { flags: 'dfiIv', long: 'force dir interactive? verbose one-file-system preserve-root? no-preserve-root', acts: { '-r': '+recursive', '-R': '+recursive', '--recursive': '+recursive' }, operands: 'write' },
  rmdir: { flags: 'pv', long: 'parents verbose ignore-fail-on-non-empty', operands: 'write' },
  unlink: { operands: 'write' },
  mkdir: { flags: 'pv', values: 'm', long: 'parents verbose mode=', operands: 'write' },
  mkfifo: { values: 'm', operands: 'write' },
  mknod: { values: 'm', operands: 'write' },
  touch: { flags: 'acfhm', values: 'dt', long: 'no-create date= time= no-dereference', acts: { '-r': 'read', '--reference': 'read' }, operands: 'write' },
  truncate: { flags: 'co', values: 's', long: 'no-create io-blocks size=', acts: { '-r': 'read', '--reference': 'read' }, operands: 'write' },
  shred: { flags: 'fvxz', values: 'ns', long: 'force iterations= size= exact verbose zero', acts: { '-u': '+none', '--remove': 'optional', '--random-source': 'read' }, operands: 'write' },
  tee: { flags: 'aip', long: 'append ignore-interrupts output-error?', operands: 'write' },
  chmod: marks({ flags: 'cfv', long: 'changes quiet silent verbose reference= preserve-root no-preserve-root', acts: tree, operands: 'write' }, /^-[rwxXstugoa][-+=ugoarwxXst,]*$/),
  chown: marks({ flags: 'cfhHLPv', long: 'changes quiet silent verbose reference= from= dereference no-dereference preserve-root no-preserve-root', acts: tree, operands: 'write' }, null),
  chgrp: marks({ flags: 'cfhHLPv', long: 'changes quiet silent verbose reference= dereference no-dereference preserve-root', acts: tree, operands: 'write' }, null),
  chattr: marks({ flags: 'fV', acts: tree, operands: 'write' }, /^-[aAcCdDeFijmPsStTux]+$/),
};
