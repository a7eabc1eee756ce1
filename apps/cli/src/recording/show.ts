import { Failure } from '../failure.ts';
import type { EventLine } from '../output/events.ts';
import type { Out } from '../output/out.ts';
import { visibleLine } from '../output/visible.ts';
import { asciicast } from './asciicast.ts';
import { play, search } from './play.ts';
import { recordingsOf, type ReplayedRecording } from './recording.ts';

/** Plays, searches or exports the recordings of a session, as the options of `sessions replay` say. */
export async function showRecordings(out: Out, events: readonly EventLine[], options: Readonly<Record<string, unknown>>): Promise<void> {
  const { command, search: wanted, cast } = options;
  const all = recordingsOf(events).filter((one) => typeof command !== 'string' || one.command === command);
  if (all.length === 0) throw new Failure('usage', typeof command === 'string' ? 'this command has no recording in this session' : 'this session has no recordings');
  if (typeof cast === 'string') return exportCast(out, all, cast);
  if (typeof wanted === 'string') {
    const hits = all.flatMap((one) => search(one, wanted).map((hit) => ({ command: one.command, ...hit })));
    return out.show({ hits }, (value) => (value.hits.length === 0 ? 'nothing' : value.hits.map(({ command: of, at, line }) => `${of}  ${at.toFixed(1).padStart(8)} s  ${visibleLine(line)}`).join('\n')));
  }
  const terms = { speed: number('--speed', options['speed'], 0.01), from: number('--from', options['from'], 0), idle: number('--idle', options['idle'], 0) };
  for (const one of all) {
    out.note(out.paint('dim', `── ${one.began}  ${visibleLine(one.title ?? one.command)}`));
    await play(one, { ...terms, write: (text) => void process.stdout.write(text) });
    out.note(out.paint(one.missing === null ? 'dim' : 'bad', `\r\n── ${one.missing === null ? 'end' : `not whole: ${one.missing}`}`));
  }
}

function exportCast(out: Out, all: readonly ReplayedRecording[], version: string): void {
  const [first, ...rest] = all;
  const number = version === 'v2' ? 2 : version === 'v3' ? 3 : null;
  if (number === null || first === undefined) throw new Failure('usage', '--cast is v2 or v3');
  if (rest.length > 0) out.warn(`this session has ${all.length} recordings, this is the first; name one with --command: ${all.map(({ command }) => command).join(', ')}`);
  process.stdout.write(asciicast(first, number));
  if (first.missing !== null) out.warn(`not whole: ${first.missing}`);
}

function number(name: string, value: unknown, least: number): number {
  const found = Number(value);
  if (!Number.isFinite(found) || found < least) throw new Failure('usage', `${name} must be a number, at least ${least}`);
  return found;
}
