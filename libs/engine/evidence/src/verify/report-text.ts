import type { Fault, Report } from './faults.ts';

/** More than this are counted, not listed. */
const shown = 50;

/** A report for a person, in lines of plain text. Whatever came from the file is made visible: no control characters reach a terminal. */
export function reportText(report: Report): string {
  const { verdict, faults, notes } = report;
  const more = faults.length > shown ? [`  … and ${faults.length - shown} more`] : [];
  const count = faults.length === 0 ? '' : `: ${faults.length} ${faults.length === 1 ? 'finding' : 'findings'}`;
  return [`${headline[verdict]}${count}`, ...faults.slice(0, shown).map(faultLine), ...more, ...notes.map((note) => `  ${visible(note)}`)].join('\n');
}

export const headline = {
  ok: 'OK: everything fits',
  tampered: 'TAMPERED',
  untrusted: 'UNTRUSTED KEY',
  incomplete: 'INCOMPLETE',
} as const;

function faultLine(fault: Fault): string {
  const at = placeText(fault);
  return `  ${fault.kind.padEnd(13)} ${visible(fault.say)}${at === '' ? '' : `\n                ${visible(at)}`}`;
}

/** Where it is, in words; empty if nowhere in particular. */
export function placeText({ where }: Fault): string {
  const parts = [
    where.file,
    where.leaf === null ? null : `leaf ${where.leaf}`,
    where.id === null ? null : `event ${where.id}`,
    where.sid === null ? null : `chain ${where.sid}`,
    where.seq === null ? null : `number ${where.seq}`,
    where.producer === null || where.pseq === null ? null : `${where.producer} counter ${where.pseq}`,
  ];
  return parts.filter((part) => part !== null).join(', ');
}

function visible(text: string): string {
  return text.replaceAll(/\p{C}/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`);
}
