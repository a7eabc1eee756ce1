import { literal, plain, unknownArg, type Arg } from './arg.ts';
import { builtins } from './builtins.ts';
import { touchFile } from './files.ts';
import type { Findings } from './findings.ts';
import { limits } from './limits.ts';
import { parseOptions, type Parsed } from './options.ts';
import { baseName, directory, hasControls, place } from './path.ts';
import { programOf } from './programs/index.ts';
import { staying, type Ends, type Scope } from './scope.ts';
import type { Dialect, ShellSettings } from './settings.ts';
import type { ProgramSpec } from './spec.ts';

/** What reads code in code; see Walker. */
export interface CodeReader {
  readonly out: Findings;
  readonly settings: ShellSettings;
  code(text: string, scope: Scope): Ends;
  codeIn(arg: Arg, scope: Scope): Ends;
}

/** One program with its arguments, and what its reader may say of it. */
export class Call {
  /** Without its directory. */
  readonly name: string;
  readonly args: readonly Arg[];
  readonly scope: Scope;
  readonly out: Findings;
  readonly #reader: CodeReader;

  constructor(name: string, args: readonly Arg[], scope: Scope, reader: CodeReader) {
    this.name = name;
    this.args = args;
    this.scope = scope;
    this.out = reader.out;
    this.#reader = reader;
  }

  /** The same place with another name and other arguments. */
  with(name: string, args: readonly Arg[], scope: Scope = this.scope): Call {
    return new Call(name, args, scope, this.#reader);
  }

  /** Takes the arguments apart and says so when that is not certain. */
  parse(spec: ProgramSpec, args: readonly Arg[] = this.args): Parsed {
    const parsed = parseOptions(spec, args);
    if (parsed.unsure) this.unsure(runsCode(spec));
    for (const option of parsed.options) this.out.shape(` ${option.name}`);
    return parsed;
  }

  /** Some argument is not known: a file may be meant, or, when the program can run others, those. */
  unsure(code = false): void {
    if (code) this.out.unknownProgram();
    else this.out.unknownFile();
  }

  file(verb: 'read' | 'write', arg: Arg, scope: Scope = this.scope): void {
    touchFile(verb, arg, scope, this);
  }

  /** Another command, given as words. None: nothing runs. */
  command(args: readonly Arg[], scope: Scope = this.scope): void {
    if (args.length === 0) return;
    this.out.shape(' ');
    runCommand(args, scope, this.#reader);
  }

  /** Another command, given as a line of shell. */
  line(arg: Arg, dialect: Dialect | null = 'sh', scope: Scope = this.scope): void {
    if (dialect === null) return this.out.unknownProgram();
    this.out.shape(' ( ');
    this.#reader.codeIn(arg, { ...scope, dialect, stdin: 'elsewhere' });
    this.out.shape(' )');
  }

  /** A file with code is run: a program as any other, of which nothing is known. */
  script(arg: Arg, scope: Scope = this.scope): void {
    this.file('read', arg, scope);
    const text = plain(arg);
    executeFile(text === null || text.includes('/') ? arg : literal(`./${text}`), scope, this.out);
    this.out.partial();
  }

  /** Some of the words are a command, and it is not known which. Programs that are read are named, for those who look at what was found. */
  guess(args: readonly Arg[] = this.args): void {
    this.out.unknownProgram();
    for (const arg of args) guess(arg, this.scope, this.#reader);
  }

  /** Its arguments as a rule of `spec` has them. */
  apply(spec: ProgramSpec): void {
    const { options, operands } = this.parse(spec);
    for (const { act, arg } of options) this.#act(act, arg);
    if (options.some((option) => option.act === '+writes')) for (const operand of operands) this.file('write', operand);
    this.#operands(spec, operands);
  }

  #act(act: Parsed['options'][number]['act'], arg: Arg | undefined): void {
    switch (act) {
      case 'read':
      case 'write':
        return this.file(act, arg ?? unknownArg);
      case 'program':
        return this.command([arg ?? unknownArg, unknownArg]);
      case 'command':
        return this.line(arg ?? unknownArg);
      case '+recursive':
        this.out.recursive = true;
        return;
      case '+code':
        return this.out.unknownProgram();
      case 'value':
      case 'optional':
      case '+none':
      case '+writes':
        return;
      default:
        return this.out.unknownProgram();
    }
  }

  #operands(spec: ProgramSpec, operands: readonly Arg[]): void {
    if (operands.length > 0 && spec.operands !== 'inert') this.out.shape(' …');
    if (operands.length === 0 && spec.here === true) return this.file('read', literal('.'));
    switch (spec.operands) {
      case 'inert':
        return;
      case 'read':
        return this.#touch('read', operands);
      case 'write':
        return this.#touch('write', operands);
      case 'into':
      case 'away':
        return this.#move(spec.operands, operands);
      case 'search':
        return this.#touch('read', operands.slice(1));
      case 'script':
        if (operands[0] !== undefined) this.script(operands[0]);
        return;
      default:
        return this.out.unknownProgram();
    }
  }

  #touch(verb: 'read' | 'write', operands: readonly Arg[]): void {
    // As a file to read, a dash is the standard input; as one to write, it is a name.
    for (const operand of operands) if (verb === 'write' || plain(operand) !== '-') this.file(verb, operand);
  }

  #move(how: 'into' | 'away', operands: readonly Arg[]): void {
    const last = operands.at(-1);
    const sources = operands.slice(0, -1);
    this.#touch(how === 'into' ? 'read' : 'write', sources);
    if (last !== undefined) this.intoDirectory(sources, last);
  }

  /** Files are put at a place: below it when it must be a directory, else at the place itself. */
  intoDirectory(sources: readonly Arg[], target: Arg, certain = false): void {
    const text = target.text;
    if (text === null || !(certain || sources.length > 1 || text.endsWith('/'))) return this.file('write', target);
    for (const source of sources) {
      const name = baseName((source.text ?? '').replace(/\/+$/, ''));
      const known = source.text !== null && !(source.home && source.text === '') && name !== '' && name !== '.' && name !== '..';
      this.file('write', known ? { text: `${text}/${name}`, home: target.home } : target);
      if (source.text === null) this.out.unknownFile();
    }
  }
}

/** True when an unknown option could run something. */
function runsCode(spec: ProgramSpec): boolean {
  return spec.operands === 'script' || Object.values(spec.acts ?? {}).some((act) => act === 'program' || act === 'command' || act === '+code');
}

/** A command as the shell runs it: its name is a builtin or a program. */
export function runCommand(args: readonly Arg[], scope: Scope, reader: CodeReader): Ends {
  const { out } = reader;
  const [first = unknownArg, ...rest] = args;
  // Wrappers call each other here without new code in between.
  if (scope.depth > limits.wrappers || ++out.commands > limits.commands) {
    out.unknownProgram();
    return staying(scope.cwds);
  }
  const name = first.text;
  if (name === null || (name === '' && !first.home) || name.length > limits.name || hasControls(name)) {
    out.unknownProgram();
    out.shape('?');
    for (const arg of rest) guess(arg, scope, reader);
    return staying(scope.cwds);
  }
  const deeper = { ...scope, depth: scope.depth + 1 };
  const builtin = name.includes('/') || first.home ? undefined : builtins[name];
  if (builtin !== undefined && Object.hasOwn(builtins, name)) {
    out.shape(name);
    return builtin(new Call(name, rest, deeper, reader), reader);
  }
  runProgram(first, rest, deeper, reader);
  // A function may have moved the shell.
  return staying(out.functions.has(name) ? [null] : scope.cwds);
}

/** Behind a program that is not known, a word may be one. Only said for what is read below; the whole is opaque already. */
function guess(arg: Arg, scope: Scope, { out }: CodeReader): void {
  const name = baseName(plain(arg) ?? '');
  if (scope.away || !/^[\w.+-]{1,64}$/.test(name) || programOf(name) === undefined) return;
  out.programs.add(name);
  out.add('execute', 'program', null, name);
}

function runProgram(first: Arg, args: readonly Arg[], scope: Scope, reader: CodeReader): void {
  const { out } = reader;
  const name = baseName(first.text ?? '') || '~';
  const trusted = executeFile(first, scope, out);
  const reads = programOf(name);
  out.shape(reads === undefined ? `${name.slice(0, 64)}${args.length > 0 ? ' …' : ''}` : name);
  if (!trusted || reads === undefined) out.partial();
  if (reads === undefined) return;
  const call = new Call(name, args, scope, reader);
  if (typeof reads === 'function') reads(call);
  else call.apply(reads);
}

/** Where a system keeps its programs, and a shell looks for them by itself. A program there is known by its name alone. */
const systemDirectories = new Set(['/bin', '/sbin', '/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin']);

/**
 * `execute` of a program: always by its name without a directory, and, given with one that is not the system's, by its path too (the directory as
 * the object's schema). Gives whether it is a program of the system.
 */
function executeFile(first: Arg, scope: Scope, out: Findings): boolean {
  const text = first.text;
  if (text === null || text.length > limits.name || hasControls(text)) {
    out.unknownProgram();
    return false;
  }
  const name = baseName(text.replace(/\/+$/, '')) || '~';
  out.programs.add(name.slice(0, 256));
  out.add('execute', 'program', null, name);
  if (!text.includes('/') && !first.home) return true;
  let trusted = !scope.away;
  for (const cwd of scope.cwds) {
    const where = place(first, cwd);
    if (where !== null && systemDirectories.has(directory(where))) continue;
    trusted = false;
    // A pipe, or a link of the process: the code is not in a file of that name.
    if (where === null || /^\/(?:dev|proc)\//.test(where)) out.unknownProgram();
    out.partial();
    out.add('execute', 'program', where === null ? '?' : directory(where), name);
  }
  return trusted;
}

