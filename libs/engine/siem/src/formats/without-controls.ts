/** C0 controls, DEL, C1 controls and the line separators of Unicode as blanks: a line stays one line for every reader. */
export function withoutControls(text: string): string {
  return text.replace(control, ' ');
}

const control = /[\p{Cc}\u2028\u2029]/gu;
