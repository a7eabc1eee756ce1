import { decodePieces, MalformedRecordingError, type RecordedPiece } from '@sallyport/domain-events';
import { z } from 'zod';
import { shownEvent, type EventLine } from '../output/events.ts';

/** What one command of a session showed. */
export interface ReplayedRecording {
  readonly command: string;
  readonly kind: string;
  readonly columns: number;
  readonly rows: number;
  readonly term: string | null;
  /** When it began, RFC 3339. */
  readonly began: string;
  /** The command's text, where it could be opened. */
  readonly title: string | null;
  readonly pieces: readonly RecordedPiece[];
  /** What is not in it, in words; null when it is whole. */
  readonly missing: string | null;
}

const envelope = z.object({ type: z.string(), t: z.object({ wall: z.string() }), d: z.record(z.string(), z.unknown()) });
const started = z.object({ command: z.string(), kind: z.string(), columns: z.number(), rows: z.number(), term: z.string().nullable() });
const segment = z.object({ command: z.string(), index: z.number() });
const ended = z.object({ command: z.string(), segments: z.number(), whole: z.boolean(), why: z.string().nullable() });

interface Growing extends Omit<ReplayedRecording, 'pieces' | 'missing'> {
  readonly pieces: RecordedPiece[];
  segments: number;
  missing: string | null;
}

/** The recordings of a session, in the order in which they began. What cannot be opened, is missing, or was never written is said in `missing`. */
export function recordingsOf(events: readonly EventLine[]): readonly ReplayedRecording[] {
  const found = new Map<string, Growing>();
  const titles = new Map<string, string>();
  for (const event of events) {
    const parsed = envelope.safeParse(shownEvent(event));
    if (!parsed.success) continue;
    const { type, t, d } = parsed.data;
    if (type === 'command.decided') {
      const text = event.texts.find(({ role }) => role === 'text')?.text;
      if (typeof d['command'] === 'string' && typeof text === 'string') titles.set(d['command'], text);
    } else if (type === 'recording.started') {
      const { command, ...rest } = started.parse(d);
      found.set(command, { command, ...rest, began: t.wall, title: titles.get(command) ?? null, pieces: [], segments: 0, missing: 'its end was never written: the session or the gateway ended first' });
    } else if (type === 'recording.segment') addSegment(found, segment.parse(d), event);
    else if (type === 'recording.ended') endRecording(found, ended.parse(d));
  }
  return [...found.values()];
}

function addSegment(found: Map<string, Growing>, { command, index }: z.infer<typeof segment>, { texts }: EventLine): void {
  const recording = found.get(command);
  if (recording === undefined) return;
  const pieces = open(texts.find(({ role }) => role === 'recording')?.text ?? null);
  if (pieces === null || index !== recording.segments) recording.missing = 'a part of it cannot be opened';
  recording.segments = index + 1;
  recording.pieces.push(...(pieces ?? []));
}

function endRecording(found: Map<string, Growing>, { command, segments, whole, why }: z.infer<typeof ended>): void {
  const recording = found.get(command);
  if (recording === undefined) return;
  const complete = segments === recording.segments && recording.missing !== 'a part of it cannot be opened';
  recording.missing = !complete ? 'a part of it cannot be opened' : whole ? null : `it was cut short: ${why ?? 'unknown'}`;
}

/** Replays give bytes that are no text as `base64:…`. */
function open(text: string | null): readonly RecordedPiece[] | null {
  if (text === null) return null;
  try {
    return decodePieces(text.startsWith('base64:') ? Buffer.from(text.slice('base64:'.length), 'base64') : Buffer.from(text));
  } catch (error) {
    if (error instanceof MalformedRecordingError) return null;
    throw error;
  }
}
