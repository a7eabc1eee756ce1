import { isUnknown, literal, plain, unknownArg, type Arg } from '../arg.ts';
import type { Call } from '../call.ts';
import { place } from '../path.ts';
import type { Scope } from '../scope.ts';
import type { ProgramReader, Programs, ProgramSpec } from '../spec.ts';
import { setVariable } from '../variables.ts';

/** Options, `skip` operands, and then a command. */
function wraps(spec: Omit<ProgramSpec, 'operands' | 'stops'>, skip = 0): ProgramReader {
  const full: ProgramSpec = { ...spec, operands: 'inert', stops: true };
  return (call) => {
    const parsed = call.parse(full);
    // An option that is not known may take the next word, so that the command is another.
    if (parsed.unsure) call.out.unknownProgram();
    for (const { act, arg } of parsed.options) if (act === 'read' || act === 'write') call.file(act, arg ?? unknownArg);
    call.command(parsed.operands.slice(skip));
  };
}

/** `NAME=value` words before a command. */
export function afterAssignments(call: Call, words: readonly Arg[]): readonly Arg[] {
  let at = 0;
  for (; at < words.length; at++) {
    const match = /^([^=]*)=(.*)$/s.exec(plain(words[at]) ?? '');
    if (match === null) break;
    setVariable(match[1] ?? null, call.out, match[2]);
  }
  return words.slice(at);
}

const envSpec: ProgramSpec = {
  flags: 'i0v', long: 'ignore-environment null debug', operands: 'inert', stops: true,
  acts: { '-u': 'value', '--unset': 'value', '-C': 'value', '--chdir': 'value', '-S': '+code', '--split-string': '+code', '-P': '+code' },
};

const env: ProgramReader = (call) => {
  const { options, operands, unsure } = call.parse(envSpec);
  if (unsure || options.some(({ act }) => act === '+code')) call.out.unknownProgram();
  let { scope } = call;
  for (const { name, arg = unknownArg } of options) {
    if (name === '-u' || name === '--unset') setVariable(plain(arg), call.out);
    if (name === '-C' || name === '--chdir') scope = { ...scope, cwds: scope.cwds.map((cwd) => place(arg, cwd)) };
    if (name === '-i' || name === '--ignore-environment') scope = { ...scope, homeless: true };
  }
  // A lone `-` is `-i`.
  const words = afterAssignments(call, plain(operands[0]) === '-' ? operands.slice(1) : operands);
  call.command(words, scope);
};

/** The command gets further words from its input, or they are put where the mark is. */
const xargs: ProgramReader = (call) => {
  const spec: ProgramSpec = {
    flags: '0oprtx', values: 'dEILnPs', long: 'null no-run-if-empty max-args= max-procs= max-lines? max-chars= delimiter= replace? interactive verbose exit open-tty', operands: 'inert', stops: true,
    acts: { '-a': 'read', '--arg-file': 'read', '-i': 'optional', '-e': 'optional', '-l': 'optional' },
  };
  const { options, operands, unsure } = call.parse(spec);
  if (unsure) call.out.unknownProgram();
  for (const { act, arg } of options) if (act === 'read') call.file('read', arg ?? unknownArg);
  const marked = options.filter(({ name }) => name === '-I' || name === '-i' || name === '--replace').map(({ arg }) => (arg === undefined ? '{}' : plain(arg)));
  if (operands.length === 0) return;
  if (marked.length === 0) return call.command([...operands, unknownArg]);
  call.command(operands.map((word) => (marked.some((mark) => mark === null || plain(word)?.includes(mark) !== false) ? unknownArg : word)));
};

/** A line for `sh -c`, from words. */
export function joinedLine(call: Call, words: readonly Arg[], scope: Scope = call.scope): void {
  const texts = words.map(plain);
  if (words.some(isUnknown) || texts.includes(null)) return call.out.unknownProgram();
  call.line(literal(texts.join(' ')), 'sh', scope);
}

const watch: ProgramReader = (call) => {
  const spec: ProgramSpec = { flags: 'bcegptwx', values: 'nq', long: 'beep color errexit chgexit precise no-title exec interval= differences?', acts: { '-d': 'optional' }, operands: 'inert', stops: true };
  const { options, operands, unsure } = call.parse(spec);
  if (unsure) call.out.unknownProgram();
  if (options.some(({ name }) => name === '-x' || name === '--exec')) call.command(operands);
  else if (operands.length > 0) joinedLine(call, operands);
};

/** `flock file command`, `flock file -c line`, `flock 9`. */
const flock: ProgramReader = (call) => {
  const { operands, unsure } = call.parse({ flags: 'eFnosuxv', values: 'wE', long: 'exclusive shared nonblock unlock close no-fork timeout= wait= conflict-exit-code= verbose', operands: 'inert', stops: true });
  if (unsure) call.out.unknownProgram();
  const [file, ...words] = operands;
  if (file !== undefined && !(words.length === 0 && /^\d+$/.test(plain(file) ?? ''))) call.file('write', file);
  const first = plain(words[0]);
  if (first === '-c' || first === '--command') call.line(words[1] ?? unknownArg);
  else call.command(words);
};

const chroot: ProgramReader = (call) => {
  const { operands, unsure } = call.parse({ long: 'userspec= groups= skip-chdir', operands: 'inert', stops: true });
  const away: Scope = { ...call.scope, away: true, homeless: true, cwds: [null] };
  call.out.elevates = true;
  if (unsure || operands.length < 2) call.out.unknownProgram();
  call.command(operands.slice(1), away);
};

/** `nohup` writes what would go to a terminal into a file. */
const nohup: ProgramReader = (call) => {
  call.file('write', literal('nohup.out'));
  call.file('write', { text: '/nohup.out', home: true });
  wraps({})(call);
};

const script: ProgramReader = (call) => {
  const { options, operands } = call.parse({ flags: 'aefq', values: 'EmIBOT', acts: { '-c': 'command', '--command': 'command' }, long: 'append flush quiet return', operands: 'write' });
  const line = options.find(({ act }) => act === 'command')?.arg;
  if (line === undefined || options.some(({ name }) => /^-[IBOT]$/.test(name))) call.out.unknownProgram();
  else call.line(line);
  call.file('write', operands[0] ?? literal('typescript'));
};

/** The loader runs what it is given; so does each applet of BusyBox. */
const applet: ProgramReader = (call) => {
  if (/^-/.test(plain(call.args[0]) ?? '')) call.out.unknownProgram();
  call.command(call.args);
};

/** Makes commands of its own out of its words and its input. */
const opaque: ProgramReader = (call) => call.guess();

export const wrappers: Programs = {
  env, xargs, watch, flock, chroot, nohup, script, busybox: applet, toybox: applet, parallel: opaque, 'run-parts': opaque, 'start-stop-daemon': opaque, 'systemd-run': opaque, gdb: opaque, unshare: opaque,
  nsenter: opaque, setpriv: opaque, capsh: opaque, firejail: opaque, bwrap: opaque, proot: opaque, fakeroot: opaque, faketime: opaque, expect: opaque, entr: opaque, chrt: opaque, setarch: opaque, screen: opaque, tmux: opaque, dtach: opaque, inotifywait: opaque,
  nice: wraps({ values: 'n', long: 'adjustment=', numbers: true }),
  time: wraps({ flags: 'apqv', values: 'f', long: 'append portability quiet verbose format=', acts: { '-o': 'write', '--output': 'write' } }),
  timeout: wraps({ flags: 'fpv', values: 'ks', long: 'foreground preserve-status verbose kill-after= signal=' }, 1),
  setsid: wraps({ flags: 'cfw', long: 'ctty fork wait' }),
  stdbuf: wraps({ values: 'ioe', long: 'input= output= error=' }),
  unbuffer: wraps({ flags: 'p' }),
  ionice: wraps({ flags: 't', values: 'cn', long: 'class= classdata= ignore' }),
  taskset: wraps({ flags: 'ac' }, 1),
  linux32: wraps({ flags: 'R' }), linux64: wraps({ flags: 'R' }),
  strace: wraps({ flags: 'cCdfFhikqrtTvVwxyz', values: 'abeEIOpPsSuUX', acts: { '-o': 'write' } }),
  ltrace: wraps({ flags: 'cfhiLrStTV', values: 'aAbDelnpsuwxF', acts: { '-o': 'write' } }),
  'dbus-run-session': wraps({}), 'xvfb-run': wraps({ flags: 'a', values: 'nsefpw' }), catchsegv: wraps({}), command: wraps({ flags: 'p' }),
};
