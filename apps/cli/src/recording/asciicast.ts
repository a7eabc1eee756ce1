import type { ReplayedRecording } from './recording.ts';

/**
 * A recording as an asciicast (docs.asciinema.org/manual/asciicast). Version 2 has the time since the start, version 3 since the event before it. Standard output
 * and error are one stream there, as on a terminal; what is missing is a marker at the end, so that no player shows it as whole.
 */
export function asciicast(recording: ReplayedRecording, version: 2 | 3): string {
  const { columns, rows, term, title, began, missing } = recording;
  const timestamp = Math.floor(Date.parse(began) / 1000);
  const size = { width: columns, height: rows };
  const head = version === 2
    ? { version, ...size, timestamp, ...(title === null ? {} : { title }), ...(term === null ? {} : { env: { TERM: term } }) }
    : { version, term: { cols: columns, rows, ...(term === null ? {} : { type: term }) }, timestamp, ...(title === null ? {} : { title }) };
  const lines = [JSON.stringify(head)];
  let last = 0;
  const event = (at: number, code: string, data: string) => {
    lines.push(`[${seconds(version === 2 ? at : at - last)}, ${JSON.stringify(code)}, ${JSON.stringify(data)}]`);
    last = at;
  };
  const texts = new TextPieces(recording.kind === 'output');
  for (const { at, kind, bytes } of recording.pieces) {
    if (kind === 'size') event(at, 'r', sizeOf(bytes));
    else {
      const data = texts.next(bytes);
      if (data !== '') event(at, 'o', data);
    }
  }
  const rest = texts.end();
  if (rest !== '') event(last, 'o', rest);
  if (missing !== null) event(last, 'm', `not whole: ${missing}`);
  return `${lines.join('\n')}\n`;
}

/** Bytes as the characters of a cast. Without a terminal nobody has made CR LF of line ends: players need them. */
export class TextPieces {
  readonly #decoder = new TextDecoder('utf-8');
  readonly #lineEnds: boolean;

  constructor(lineEnds: boolean) {
    this.#lineEnds = lineEnds;
  }

  next(bytes: Uint8Array): string {
    return this.#shown(this.#decoder.decode(bytes, { stream: true }));
  }

  end(): string {
    return this.#shown(this.#decoder.decode());
  }

  #shown(text: string): string {
    return this.#lineEnds ? text.replaceAll(/\r?\n/g, '\r\n') : text;
  }
}

/** `120x40`. */
export function sizeOf(bytes: Uint8Array): string {
  const at = (index: number) => ((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0);
  return `${at(0)}x${at(2)}`;
}

/** Six digits: casts are in seconds, recordings in microseconds. */
const seconds = (micros: number) => (micros / 1_000_000).toFixed(6);
