import type { Command, ParsedScript } from 'unbash';
import { literal, type Arg } from './arg.ts';
import { readWord, type WordReader } from './words.ts';

/** What a script prints that is nothing but `echo` with plain words; null for any other. */
export function echoed(script: ParsedScript, reader: WordReader): Arg | null {
  const [only] = script.commands;
  if (script.errors !== undefined && script.errors.length > 0) return null;
  if (only === undefined || script.commands.length !== 1 || only.command.type !== 'Command') return null;
  return echoOf(only.command, reader);
}

/** Without the newline at its end, as a substitution gives it. */
export function echoOf(command: Command, reader: WordReader): Arg | null {
  if (command.name === undefined || command.prefix.length > 0) return null;
  const name = readWord(command.name, reader).text;
  const words: Arg[] = [];
  for (const arg of command.suffix) {
    if (arg.type !== 'Word') return null;
    words.push(readWord(arg, reader));
  }
  if (name === 'printf') return printed(words);
  if (name !== 'echo' || words[0]?.text?.startsWith('-') === true) return null;
  return line(words);
}

/** A backslash means something else to each shell's echo. */
function line(words: readonly Arg[]): Arg | null {
  const texts: string[] = [];
  for (const word of words) {
    if (word.text === null || word.text.includes('\\')) return null;
    texts.push(word.text);
  }
  const [first] = words;
  if (words.length === 1 && first?.home === true) return first;
  return words.some((word) => word.home) ? null : literal(texts.join(' ').replace(/\n+$/, ''));
}

/** `printf text`, `printf '%s' text`, `printf '%s\n' text`. */
function printed(words: readonly Arg[]): Arg | null {
  const [format, value] = words;
  if (format?.text === undefined || format.text === null || format.home || format.text.startsWith('-')) return null;
  if (words.length === 1) return /[\\%]/.test(format.text.replace(/\\n$/, '')) ? null : literal(format.text.replace(/(?:\\n|\n)+$/, ''));
  if (words.length !== 2 || value?.text === undefined || value.text === null || !/^%s(?:\\n)?$/.test(format.text)) return null;
  return value.home ? value : literal(value.text.replace(/\n+$/, ''));
}
