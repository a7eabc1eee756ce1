/** Where a command writes. Text for people, or the API's own JSON for programs; errors and warnings go to standard error. */
export interface Out {
  readonly form: 'text' | 'json';
  /** Prints the JSON of `value`, or what `text` makes of it. */
  show<T>(value: T, text: (value: T) => string): void;
  /** A remark for people only. */
  note(line: string): void;
  warn(line: string): void;
  paint(style: 'good' | 'bad' | 'dim', text: string): string;
}

const styles = { good: [32, 39], bad: [31, 39], dim: [2, 22] } as const;

export function standardOut(form: 'text' | 'json'): Out {
  const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  return {
    form,
    show: (value, text) => void process.stdout.write(`${form === 'json' ? JSON.stringify(value, null, 2) : text(value)}\n`),
    note: (line) => void (form === 'text' && process.stdout.write(`${line}\n`)),
    warn: (line) => void process.stderr.write(`${line}\n`),
    paint: (style, text) => (colour ? `\x1b[${styles[style][0]}m${text}\x1b[${styles[style][1]}m` : text),
  };
}
