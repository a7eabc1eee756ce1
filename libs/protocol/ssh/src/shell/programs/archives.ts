import { isUnknown, literal, plain, unknownArg, type Arg } from '../arg.ts';
import { place } from '../path.ts';
import { places } from '../scope.ts';
import type { ProgramReader, Programs, ProgramSpec } from '../spec.ts';

const tarSpec: ProgramSpec = {
  flags: 'AcdrtuxBhijJklmMnoOpPRsSUvwzZaG', values: 'bHKNLV', operands: 'inert',
  long: 'create extract get list append update diff compare delete concatenate gzip gunzip bzip2 xz zstd lzma lzip auto-compress verbose keep-old-files overwrite overwrite-dir no-overwrite-dir unlink-first preserve-permissions same-permissions no-same-permissions same-owner no-same-owner numeric-owner touch absolute-names to-stdout one-file-system dereference hard-dereference sparse totals? exclude= exclude-vcs strip-components= wildcards no-wildcards anchored no-anchored owner= group= mode= mtime= sort= format= null no-recursion recursion ignore-zeros warning= checkpoint? force-local skip-old-files keep-newer-files transform= xform= posix',
  acts: {
    '-f': 'value', '--file': 'value', '-C': 'value', '--directory': 'value', '-T': '+code', '--files-from': '+code', '-X': 'read', '--exclude-from': 'read', '-I': '+code', '--use-compress-program': '+code', '-F': '+code',
    '--to-command': '+code', '--checkpoint-action': '+code', '--rsh-command': '+code', '--rmt-command': '+code', '--info-script': '+code', '--new-volume-script': '+code', '-g': 'write', '--listed-incremental': 'write', '--one-top-level': '+code', '--remove-files': '+writes', '--index-file': 'write',
  },
};

/** `tar xzf a.tgz`: letters without a dash, their arguments in the order of the letters. */
function bundled(args: readonly Arg[]): readonly Arg[] {
  const first = plain(args[0]);
  if (first === null || first.startsWith('-') || !/^[a-zA-Z]+$/.test(first)) return args;
  const words: Arg[] = [];
  let at = 1;
  for (const letter of first) {
    words.push(literal(`-${letter}`));
    if (/[fCbgHKLNTVXIF]/.test(letter)) words.push(args[at++] ?? unknownArg);
  }
  return [...words, ...args.slice(at)];
}

const modes: readonly [RegExp, 'create' | 'extract' | 'list' | 'change'][] = [
  [/^(?:-c|--create)$/, 'create'],
  [/^(?:-x|--extract|--get)$/, 'extract'],
  [/^(?:-t|--list|-d|--diff|--compare)$/, 'list'],
  [/^(?:-[Aru]|--(?:append|update|concatenate|delete))$/, 'change'],
];

const tar: ProgramReader = (call) => {
  const { options, operands, unsure } = call.parse(tarSpec, bundled(call.args));
  if (unsure || options.some(({ act }) => act === '+code')) call.out.unknownProgram();
  const mode = modes.find(([name]) => options.some((option) => name.test(option.name)))?.[1];
  const archives = options.filter(({ name }) => name === '-f' || name === '--file').map(({ arg }) => arg ?? unknownArg);
  const removes = options.some(({ act }) => act === '+writes');
  call.out.recursive = true;
  let { scope } = call;
  for (const { name, act, arg = unknownArg } of options) {
    if (act === 'read' || act === 'write') call.file(act, arg);
    if (name === '-C' || name === '--directory') scope = { ...scope, cwds: scope.cwds.map((cwd) => place(arg, cwd)) };
  }
  for (const archive of archives) {
    // `host:file` is fetched with a program of its own.
    if (plain(archive)?.includes(':') === true) call.out.unknownProgram();
    if (plain(archive) === '-') continue;
    if (mode !== 'create') call.file('read', archive);
    if (mode !== 'extract' && mode !== 'list') call.file('write', archive);
  }
  if (archives.length === 0) call.unsure();
  switch (mode) {
    case 'create':
      // Before `-C`, a name is still seen from here.
      scope = { ...scope, cwds: places(scope.cwds, call.scope.cwds) };
      for (const file of operands) for (const verb of removes ? (['read', 'write'] as const) : (['read'] as const)) call.file(verb, file, scope);
      return;
    case 'extract':
      if (options.some(({ name }) => /^(?:-O|--to-stdout)$/.test(name))) return;
      // Names and links are the archive's; with `-P` anything, and `--transform` makes others.
      if (options.some(({ name }) => /^(?:-P|--absolute-names|--transform|--xform)$/.test(name))) call.unsure();
      return call.file('write', literal('./'), scope);
    case 'list':
      return;
    case 'change':
    case undefined:
      for (const file of operands) call.file('read', file, scope);
      return mode === undefined ? call.unsure() : undefined;
    default:
      return call.unsure();
  }
};

/** A file is replaced by another beside it. */
function packs(ending: string, unpacks: boolean): ProgramReader {
  return (call) => {
    const { options, operands } = call.parse({ flags: 'fhknqvtl123456789', long: 'force keep quiet verbose fast best test list', acts: { '-c': '+none', '--stdout': '+none', '--to-stdout': '+none', '-d': '+writes', '--decompress': '+writes', '-r': '+recursive', '--recursive': '+recursive' }, operands: 'write' });
    if (options.some(({ act }) => act === '+recursive')) call.out.recursive = true;
    const shows = options.some(({ name }) => /^(?:-c|--stdout|--to-stdout|-t|--test|-l|--list)$/.test(name));
    const opens = unpacks || options.some(({ act }) => act === '+writes');
    for (const file of operands) {
      if (plain(file) === '-') continue;
      call.file('read', file);
      if (shows) continue;
      call.file('write', file);
      if (isUnknown(file)) continue;
      const text = file.text ?? '';
      call.file('write', { text: opens ? text.replace(/\.\w+$/, '') : text + ending, home: file.home });
    }
  };
}

export const archives: Programs = {
  tar, gtar: tar, gzip: packs('.gz', false), gunzip: packs('.gz', true), bzip2: packs('.bz2', false), bunzip2: packs('.bz2', true), xz: packs('.xz', false), unxz: packs('.xz', true),
};
