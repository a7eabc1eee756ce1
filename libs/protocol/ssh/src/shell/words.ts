import { forEachChild, type CommandExpansionPart, type ParsedScript, type SyntaxNode, type Word, type WordPart } from 'unbash';
import { literal, unknownArg, type Arg } from './arg.ts';
import { echoed } from './echoed.ts';
import type { Findings } from './findings.ts';
import type { Dialect } from './settings.ts';
import { setVariable } from './variables.ts';

/** What reading a word needs from the one who reads the code around it. */
export interface WordReader {
  readonly dialect: Dialect;
  readonly home: string | null;
  /** `~` is not the account's. */
  readonly homeless: boolean;
  readonly out: Findings;
  /** Words that were read before, so that code in them is not read twice. */
  readonly known: WeakMap<Word, Arg>;
  /** Code in the word: `$(…)`, `` `…` ``, `<(…)`. */
  substitution(script: ParsedScript): void;
}

/**
 * A word without its quotes. Whatever the shell would put in by itself (variables, results of commands, names of files) makes it unknown;
 * the result of `echo` with plain words is taken as that.
 */
export function readWord(word: Word, reader: WordReader): Arg {
  const known = reader.known.get(word);
  if (known !== undefined) return known;
  const arg = readAnew(word, reader);
  reader.known.set(word, arg);
  return arg;
}

function readAnew(word: Word, reader: WordReader): Arg {
  const { parts } = word;
  if (parts === undefined) return unquoted(word.text, word.value, reader);
  let text: string | null = '';
  let bare = '';
  let home = false;
  for (const [index, part] of parts.entries()) {
    const value = partText(part, reader, false);
    if (part.type === 'Literal') {
      bare += part.text;
      if (index === 0 && part.text.startsWith('~')) home = true;
    }
    if (value === null) text = null;
    else if (text !== null) text += value;
  }
  const only = parts.length === 1 ? parts[0] : undefined;
  if (only !== undefined) {
    const echo = onlyEcho(only, reader);
    if (echo !== null) return echo;
  }
  if (text === null || expands(bare)) return unknownArg;
  if (!home) return literal(text);
  return /^~\//.test(bare) && text.startsWith('~/') ? fromHome(text.slice(1), reader) : unknownArg;
}

/** A word without quotes but backslashes. */
function unquoted(raw: string, value: string, reader: WordReader): Arg {
  if (expands(raw)) return unknownArg;
  if (!raw.startsWith('~')) return literal(value);
  if (raw === '~') return fromHome('', reader);
  return raw.startsWith('~/') ? fromHome(value.slice(1), reader) : unknownArg;
}

function fromHome(rest: string, { home, homeless, out }: WordReader): Arg {
  if (homeless || out.lost) return unknownArg;
  return home === null ? { text: rest, home: true } : literal(home + rest);
}

/**
 * True when an unquoted text has something that a shell expands: patterns, braces with a list or a range, a `~` behind `=` or `:`. What it
 * takes for one too many is not known; none is too few.
 */
export function expands(raw: string): boolean {
  let brace = false;
  let list = false;
  for (let i = 0; i < raw.length; i++) {
    switch (raw[i]) {
      case '\\':
        i++;
        break;
      case '*':
      case '?':
      case '$':
      case '`':
        return true;
      case '[':
        if (raw !== '[' && raw !== '[[') return true;
        break;
      case '{':
        brace = true;
        break;
      case ',':
        list = true;
        break;
      case '.':
        if (raw[i + 1] === '.') list = true;
        break;
      case '~':
        if (i > 0 && /[=:]/.test(raw[i - 1] ?? '')) return true;
        break;
    }
  }
  return brace && list;
}

/** The text of a part, null when it is not known. Code in it is read, whatever it gives. */
function partText(part: WordPart, reader: WordReader, quoted: boolean): string | null {
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
      return part.value;
    case 'AnsiCQuoted':
      // Other shells see a dollar sign and a plain quote, which may end elsewhere.
      if (reader.dialect === 'sh') reader.out.opaque();
      return reader.dialect === 'sh' ? null : part.value;
    case 'DoubleQuoted':
      return joined(part.parts.map((inner) => partText(inner, reader, true)));
    case 'LocaleString':
      if (reader.dialect === 'sh') reader.out.opaque();
      for (const inner of part.parts) partText(inner, reader, true);
      return null;
    case 'CommandExpansion':
      return substitution(part, reader, quoted);
    case 'ProcessSubstitution':
      if (part.script === undefined) reader.out.opaque();
      else reader.substitution(part.script);
      return '/dev/fd/63';
    case 'ArithmeticExpansion':
      arithmetic(part.text.startsWith('$((') && part.text.endsWith('))') ? part.text.slice(3, -2) : null, reader.out);
      readNested(part, reader);
      return null;
    case 'ParameterExpansion':
      parameter(part, reader);
      return null;
    case 'ExtendedGlob':
      reader.out.opaque();
      readNested(part, reader);
      return null;
    case 'SimpleExpansion':
      return null;
    case 'Glob':
    case 'BraceExpansion':
      readNested(part, reader);
      return null;
    default:
      return unknownPart(part, reader);
  }
}

function unknownPart(_part: never, reader: WordReader): null {
  reader.out.unknownProgram();
  return null;
}

function joined(texts: readonly (string | null)[]): string | null {
  return texts.includes(null) ? null : texts.join('');
}

function substitution(part: CommandExpansionPart, reader: WordReader, quoted: boolean): string | null {
  // Where a backslash or a quote ends inside of backticks depends on the shell; `${ …; }` is a substitution in the newest Bash only.
  if (part.script === undefined || part.text.startsWith('${') || (part.text.startsWith('`') && (quoted ? /[\\'"]/ : /\\/).test(part.text))) reader.out.opaque();
  if (part.script === undefined) return null;
  reader.substitution(part.script);
  const echo = echoed(part.script, reader);
  if (echo === null || echo.home || echo.text === null) return null;
  return quoted || /^[\w@%+=:,./-]+$/.test(echo.text) ? echo.text : null;
}

/** `"$(echo ~/x)"` alone is the home directory's `x`; unquoted it would be taken apart at spaces. */
function onlyEcho(part: WordPart, reader: WordReader): Arg | null {
  const inner = part.type === 'DoubleQuoted' && part.parts.length === 1 ? part.parts[0] : part;
  if (inner?.type !== 'CommandExpansion' || inner.script === undefined) return null;
  const echo = echoed(inner.script, reader);
  return echo !== null && echo.home && (part.type === 'DoubleQuoted' || /^[\w@%+=:,./-]*$/.test(echo.text ?? '?')) ? echo : null;
}

function parameter(part: Extract<WordPart, { type: 'ParameterExpansion' }>, reader: WordReader): void {
  const { operation } = part;
  const { out } = reader;
  // Quotes, braces and backslashes in there end differently from shell to shell.
  if (/['"`\\{}]/.test(part.text.slice(2, -1))) out.opaque();
  if (part.index !== undefined || part.prefix === '!') out.opaque();
  if (operation?.type === 'Default' && operation.operator.endsWith('=')) setVariable(part.parameter, out);
  // `@P` runs what it finds in the value; offsets are arithmetic.
  if (operation?.type === 'Transform' || operation?.type === 'Unknown') out.opaque();
  if (operation?.type === 'Slice') {
    arithmetic(operation.offset.text, out);
    if (operation.length !== undefined) arithmetic(operation.length.text, out);
  }
  readNested(part, reader);
}

/**
 * Arithmetic takes the value of a variable for an expression again, and an index in one for a word with substitutions: `x='a[$(rm y)]'; echo
 * $((x))` runs `rm`. So only numbers and operators are read.
 */
export function arithmetic(text: string | null, out: Findings): void {
  if (text === null || !/^[\d\s+*/%()<>=!&|^~?:,-]*$/.test(text)) out.opaque();
}

/** Reads the code in every node below. */
export function readNested(node: SyntaxNode, reader: WordReader): void {
  forEachChild(node, (child) => {
    if (child.type === 'Script') reader.substitution(child);
    else if (child.type === 'Word') readWord(child, reader);
    else if (isPart(child)) partText(child, reader, true);
    else readNested(child, reader);
  });
}

const partTypes: ReadonlySet<string> = new Set<WordPart['type']>([
  'Literal', 'Glob', 'SingleQuoted', 'DoubleQuoted', 'AnsiCQuoted', 'LocaleString', 'SimpleExpansion', 'ParameterExpansion', 'CommandExpansion', 'ArithmeticExpansion', 'ProcessSubstitution', 'ExtendedGlob', 'BraceExpansion',
]);

function isPart(node: SyntaxNode): node is WordPart {
  return partTypes.has(node.type);
}
