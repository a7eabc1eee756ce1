import { isUnknown, plain, unknownArg, type Arg } from '../arg.ts';
import type { Call } from '../call.ts';
import type { ProgramReader, Programs, ProgramSpec } from '../spec.ts';

const spec: ProgramSpec = {
  flags: 'nErsuz', values: 'l', long: 'quiet silent regexp-extended separate unbuffered null-data line-length= posix follow-symlinks sandbox', operands: 'read',
  acts: { '-e': 'value', '--expression': 'value', '-f': 'read', '--file': 'read', '-i': 'optional', '--in-place': 'optional' },
};

const sed: ProgramReader = (call) => {
  const { options, operands } = call.parse(spec);
  const given = options.filter(({ name }) => name === '-e' || name === '--expression').map(({ arg }) => arg ?? unknownArg);
  const file = options.find(({ name }) => name === '-f' || name === '--file')?.arg;
  const scripts: readonly Arg[] = given.length > 0 || file !== undefined ? given : operands.slice(0, 1);
  if (file !== undefined) {
    call.script(file);
    call.out.unknownProgram();
  }
  for (const script of scripts) if (!editsOnly(plain(script))) call.out.unknownProgram();
  const inPlace = options.find(({ name }) => name === '-i' || name === '--in-place');
  call.out.shape(' …');
  for (const each of given.length > 0 || file !== undefined ? operands : operands.slice(1)) edited(call, each, inPlace !== undefined, inPlace?.arg);
};

function edited(call: Call, file: Arg, inPlace: boolean, suffix: Arg | undefined): void {
  if (plain(file) === '-') return;
  call.file('read', file);
  if (!inPlace) return;
  call.file('write', file);
  // The old one is kept under another name, which may have `*` and directories in it.
  const kept = suffix === undefined ? '' : plain(suffix);
  if (kept === null || /[*/]/.test(kept)) call.unsure();
  else if (kept !== '') call.file('write', isUnknown(file) ? file : { text: `${file.text ?? ''}${kept}`, home: file.home });
}

/**
 * True for a script of which every command is known only to edit the stream: `p d D q = n N g G h H x P l b t { }`, `s` without the flags
 * `e` and `w`, `y`. What is not certain is false: `e`, `r`, `w`, `a`, `i`, `c` and all else.
 */
export function editsOnly(script: string | null): boolean {
  if (script === null || script.length > 10_000) return false;
  let at = 0;
  while (at < script.length) {
    at = skip(script, at, /[\s;{}]/);
    if (at >= script.length) return true;
    const next = afterAddresses(script, at);
    if (next === null) return false;
    const end = afterCommand(script, next);
    if (end === null) return false;
    at = end;
  }
  return true;
}

function skip(text: string, from: number, what: RegExp): number {
  let at = from;
  while (at < text.length && what.test(text[at] ?? '')) at++;
  return at;
}

function afterAddresses(script: string, from: number): number | null {
  let at: number | null = afterAddress(script, from);
  if (at !== null && script[at] === ',') at = afterAddress(script, at + 1);
  if (at === null) return null;
  at = skip(script, at, / /);
  return script[at] === '!' ? skip(script, at + 1, / /) : at;
}

function afterAddress(script: string, from: number): number | null {
  const c = script[from] ?? '';
  if (/[\d$+~]/.test(c)) return skip(script, from + (c === '$' ? 1 : 0), c === '$' ? /$^/ : /[\d~+]/);
  if (c !== '/') return from;
  const end = delimited(script, from + 1, '/');
  return end === null ? null : skip(script, end, /[IM]/);
}

/** Behind the next unescaped delimiter. A bracket, in which it might be hidden, or a new line is not followed. */
function delimited(script: string, from: number, delimiter: string): number | null {
  for (let at = from; at < script.length; at++) {
    const c = script[at];
    if (c === '\\') at++;
    else if (c === '\n') return null;
    else if (c === delimiter) return at + 1;
    else if (c === '[') {
      const bracket = /^\[\^?\]?(?:\[:[a-z]+:\]|[^\]\\[\n])*\]/.exec(script.slice(at, at + 200))?.[0];
      if (bracket === undefined || bracket.includes(delimiter)) return null;
      at += bracket.length - 1;
    }
  }
  return null;
}

function afterCommand(script: string, from: number): number | null {
  const c = script[from] ?? '';
  if (c === '{' || c === '}') return from + 1;
  if (/[pdDq=nNgGhHxPlbt]/.test(c)) return atEnd(script, from + 1);
  if (c !== 's' && c !== 'y') return null;
  const delimiter = script[from + 1] ?? '';
  if (!/[/|,#@!:%_;]/.test(delimiter)) return null;
  const middle = delimited(script, from + 2, delimiter);
  const end = middle === null ? null : replacement(script, middle, delimiter);
  return end === null ? null : atEnd(script, c === 's' ? skip(script, end, /[gpiI\d]/) : end);
}

/** In a replacement a bracket is a bracket. */
function replacement(script: string, from: number, delimiter: string): number | null {
  for (let at = from; at < script.length; at++) {
    const c = script[at];
    if (c === '\\') at++;
    else if (c === '\n') return null;
    else if (c === delimiter) return at + 1;
  }
  return null;
}

/** Blanks and the end of the command, or nothing that we read. */
function atEnd(script: string, from: number): number | null {
  const at = skip(script, from, / /);
  return at >= script.length || /[;}\n]/.test(script[at] ?? '') ? at : null;
}

export const seds: Programs = { sed, gsed: sed };
