import { setTimeout as sleep } from 'node:timers/promises';
import { TextPieces } from './asciicast.ts';
import type { ReplayedRecording } from './recording.ts';

export interface PlayTerms {
  /** 2: twice as fast. */
  readonly speed: number;
  /** Seconds from the start: what was shown before is shown at once. */
  readonly from: number;
  /** Longest pause in seconds. */
  readonly idle: number;
  readonly write: (text: string) => void;
  readonly wait?: (ms: number) => Promise<unknown>;
}

/**
 * Plays a recording in the terminal. The bytes are the target's, masked: escapes work as they did for the client. Replies that a terminal would send back
 * (answers to queries) go to nobody.
 */
export async function play({ pieces, kind }: ReplayedRecording, { speed, from, idle, write, wait = sleep }: PlayTerms): Promise<void> {
  const texts = new TextPieces(kind === 'output');
  let clock = from * 1_000_000;
  for (const { at, kind: what, bytes } of pieces) {
    if (what === 'size') continue;
    if (at > clock) {
      await wait(Math.min((at - clock) / 1000, idle * 1000) / speed);
      clock = at;
    }
    write(texts.next(bytes));
  }
  write(texts.end());
}

/** Where a text was shown: seconds since the start, and the line that holds it, without escapes. */
export function search({ pieces }: ReplayedRecording, wanted: string): readonly { readonly at: number; readonly line: string }[] {
  const decoder = new TextDecoder('utf-8');
  const hits: { at: number; line: string }[] = [];
  let line = '';
  let began = 0;
  const look = (text: string, at: number) => {
    for (const part of text.split(/(?<=\n)/)) {
      if (line === '') began = at;
      line += part;
      if (!part.endsWith('\n')) continue;
      hit();
    }
  };
  const hit = () => {
    const plain = withoutEscapes(line);
    if (plain.toLowerCase().includes(wanted.toLowerCase())) hits.push({ at: began / 1_000_000, line: plain.trim() });
    line = '';
  };
  for (const { at, kind, bytes } of pieces) if (kind !== 'size') look(decoder.decode(bytes, { stream: true }), at);
  hit();
  return hits;
}

const esc = String.fromCharCode(0x1b);
const bel = String.fromCharCode(0x07);
const escapes = new RegExp(`${esc}(\\[[0-?]*[ -/]*[@-~]|\\][^${bel}${esc}]*(${bel}|${esc}\\\\)|.)`, 'gs');
const withoutEscapes = (text: string) => text.replaceAll(escapes, '').replaceAll(/\p{Cc}+/gu, ' ');
