import { rewrite } from './detect/rewrite.ts';

/** Characters of a message that are passed on; more is cut at a blank. */
const longest = 8192;
const cutReach = 256;
const masked = '[masked]';

/** Words that a quoted name follows in a message. Whatever else is quoted is taken for a value. */
const nouns = new Set(
  ('aggregate attribute collation column constraint cursor database domain encoding extension field function index language library method near operator option parameter policy portal ' +
    'procedure publication relation role routine rule savepoint schema sequence server slot statement subscription table tablespace trigger type user variable view').split(' '),
);
const name = /^[A-Za-z_][\w$.]{0,127}$/;

/**
 * A message of the target (error, detail, hint, context, notice) without values: what detectors find, and, where the plan has columns,
 * everything quoted that is not plainly a name, row images in brackets, `Key (…)=(…)`, `$1 = '…'` and what follows `, line 3: `.
 * Works on any language of messages by hiding more in those it cannot read.
 *
 * Not caught: a value that code on the server puts into a message without quotes or brackets (`raise notice 'it is %'`), or as a quoted
 * name that looks like one. Policy keeps such code from running; this is an aid.
 *
 * @param values the plan has columns
 */
export function scrub(text: string, wanted: number, values: boolean): string {
  let clean = bounded(text);
  if (values) clean = restOfLine(brackets(parameters(typographic(quoted(clean)))));
  if (wanted === 0) return clean;
  const bytes = Buffer.from(clean, 'utf8');
  const replaced = rewrite(bytes, 0, bytes.length, wanted, 'text');
  return replaced === undefined ? clean : Buffer.from(replaced.buffer, replaced.byteOffset, replaced.byteLength).toString('utf8');
}

/** Cut at a blank, so that no half of a value stays that a detector would not know. */
function bounded(text: string): string {
  if (text.length <= longest) return text;
  let end = longest;
  while (end > longest - cutReach && !/\s/.test(text[end] ?? '')) end--;
  return `${text.slice(0, end)} …`;
}

/** `column "a": "v"` to `column "a": "[masked]"`. A value may hold quotes itself, so it ends at the last one. */
function quoted(text: string): string {
  let clean = '';
  for (let at = 0; ; ) {
    const open = text.indexOf('"', at);
    if (open === -1) return clean + text.slice(at);
    const close = text.indexOf('"', open + 1);
    if (close !== -1 && nouns.has(wordBefore(text, open)) && name.test(text.slice(open + 1, close))) {
      clean += text.slice(at, close + 1);
      at = close + 1;
      continue;
    }
    const last = text.lastIndexOf('"');
    return `${clean}${text.slice(at, open)}"${masked}"${last > open ? text.slice(last + 1) : ''}`;
  }
}

function wordBefore(text: string, at: number): string {
  if (text[at - 1] !== ' ') return '';
  let from = at - 1;
  while (from > 0 && from > at - 20 && /[a-z]/.test(text[from - 1] ?? '')) from--;
  return text.slice(from, at - 1);
}

/** The quotes of other languages' messages. */
function typographic(text: string): string {
  const open = text.search(/[«»„“”‚‘’]/);
  if (open === -1) return text;
  let last = text.length - 1;
  while (last > open && !'«»„“”‚‘’'.includes(text[last] ?? '')) last--;
  return `${text.slice(0, open + 1)}${masked}${last > open ? text.slice(last) : ''}`;
}

function parameters(text: string): string {
  const open = text.indexOf("= '");
  if (open === -1) return text;
  const last = text.lastIndexOf("'");
  return `${text.slice(0, open + 3)}${masked}${last > open + 2 ? text.slice(last) : ''}`;
}

/** `contains (1, Ann)` and `Key (ssn)=(v)`, to the last bracket. Brackets right after a word are signatures and stay. */
function brackets(text: string): string {
  const key = /\) ?= ?\(/.exec(text);
  const free = /(?:^|[\s=])\(/.exec(text);
  if (free === null && key === null) return text;
  const open = free === null ? -1 : free.index + free[0].length;
  // The names of a key may stay, unless something else stands in brackets before them.
  const from = key !== null && (open === -1 || open > key.index || balanced(text.slice(open, key.index))) ? key.index + key[0].length : open;
  const last = text.lastIndexOf(')');
  return `${text.slice(0, from)}${masked}${last >= from ? text.slice(last) : ''}`;
}

/** No bracket is closed that was not opened in this text. */
function balanced(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === '(') depth++;
    else if (character === ')' && --depth < 0) return false;
  }
  return true;
}

/** `JSON data, line 1: …`: what follows is a piece of the value. */
function restOfLine(text: string): string {
  const match = /, \p{L}+ \d+: /u.exec(text);
  return match === null ? text : text.slice(0, match.index + match[0].length) + masked;
}
