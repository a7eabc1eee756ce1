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

/** Text from elsewhere, safe to print and short enough for a cell: control, bidirectional and invisible characters show as `\u{…}`. */
export function shown(text: string): string {
  const cut = text.length <= longest ? text : `${text.slice(0, longest - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
  return cut.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Lets long words (hashes, ids, shapes) break in narrow cells. */
export const breakable = (text: string): string => text.replace(/[^\s\u200b]{18}/g, '$&\u200b');

/** A moment as people write it; days at midnight are days. Anything else stays as it is. */
export function moment(text: string): string {
  const parts = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/.exec(text);
  if (parts === null) return text;
  return parts[2] === '00:00:00' ? `${parts[1]}` : `${parts[1]} ${parts[2]}`;
}
