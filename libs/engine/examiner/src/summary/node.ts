/** A piece of the printed summary, in the form that pdfmake prints. Plain data: this lib does not know the printer. */
export type PrintNode = string | PrintBlock | readonly PrintNode[];
export interface PrintBlock {
  readonly [member: string]: unknown;
}

export const colour = { ink: '#1b2733', soft: '#5b6b7b', line: '#d5dce3', field: '#f3f6f9', deep: '#12344d', good: '#1f7a4d', warn: '#a15c07', bad: '#a4262c', bar: '#2f6f9f' } as const;

/** Points between the margins of an A4 page. */
export const pageWidth = 499;
export const margin = 48;

/** Longest text in a cell; the CSV has all of it. */
const longest = 90;

/**
 * Text from elsewhere, safe to print and short enough for a cell: control, bidirectional and invisible characters show as `\\u{…}`, and so do those that the printer's font has
 * no glyph for. The font has Latin, Greek and Cyrillic; in the CSV every name stands as it is.
 */
export function shown(text: string, most = longest): string {
  const printed = Array.from(text.length > 4 * most ? text.slice(0, 4 * most) : text, (character) => (printable.test(character) ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`));
  if (text.length <= 4 * most && printed.join('').length <= most) return printed.join('');
  let cut = '';
  for (const character of printed) {
    if (cut.length + character.length > most - 1) break;
    cut += character;
  }
  return `${cut}…`;
}

const printable = /^[\x20-\x7e\u{a0}-\u{ac}\u{ae}-\u{17f}\u{384}-\u{3ce}\u{401}-\u{45f}\u{1e00}-\u{1eff}\u{2013}-\u{2014}\u{2018}-\u{201e}\u{2020}-\u{2022}\u{2026}\u{2030}\u{2039}-\u{203a}\u{20ac}\u{2122}]$/u;

/** Lets long words (hashes, ids, shapes) break in narrow cells. */
export const breakable = (text: string): string => text.replace(/[^\s\u200b]{18}/g, '$&\u200b');

/** A moment as people write it; days at midnight are days. Anything else stays as it is. */
export function moment(text: string): string {
  const parts = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/.exec(text);
  if (parts === null) return text;
  return parts[2] === '00:00:00' ? `${parts[1]}` : `${parts[1]} ${parts[2]}`;
}
