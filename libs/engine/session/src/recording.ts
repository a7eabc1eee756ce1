import type { Position } from '@sallyport/domain-model';
import { encodePieces, maxSegmentBytes, pieceSize, type RecordedPiece } from '@sallyport/domain-events';
import type { Recording, RecordingHeader } from '@sallyport/protocol-spi';
import type { RecorderPort } from './ports.ts';

/** Longest stretch of one piece, so that a segment is never over its limit. */
const longestPiece = 64 * 1024;

/** What one command shows, written in segments. Nothing that was shown is left out without a word: the end says how much there is, and why not more. */
export class GateRecording implements Recording {
  readonly #command: string;
  readonly #port: RecorderPort;
  readonly #maxBytes: number;
  readonly #began: number;
  #pieces: RecordedPiece[] = [];
  #size = 0;
  #from = 0;
  #shown = 0;
  #bytes = 0;
  #segments = 0;
  #position: Position;
  #cut: string | null = null;
  #over = false;
  readonly #ended: () => void;

  /** Writes the start. Throws when the evidence takes nothing. */
  constructor(command: string, { kind, columns, rows, term, maxBytes }: RecordingHeader, port: RecorderPort, ended: (recording: GateRecording) => void) {
    this.#ended = () => ended(this);
    this.#command = command;
    this.#port = port;
    this.#maxBytes = maxBytes;
    this.#began = port.monoUs();
    this.#position = port.write('recording.started', { command, kind, columns, rows, term }, null);
  }

  get full(): boolean {
    return this.#cut !== null || this.#over;
  }

  write(stream: 'out' | 'err', bytes: Uint8Array): void {
    if (this.full) return;
    const room = this.#maxBytes - this.#bytes - this.#shown;
    if (bytes.length > room) this.#cut = 'limit';
    for (let at = 0; at < Math.min(bytes.length, room); at += longestPiece) {
      const piece = bytes.slice(at, Math.min(at + longestPiece, bytes.length, room));
      this.#add({ at: this.#now(), kind: stream, bytes: piece });
      this.#shown += piece.length;
    }
  }

  resize(columns: number, rows: number): void {
    if (!this.full) this.#add({ at: this.#now(), kind: 'size', bytes: Uint8Array.of(columns >> 8, columns & 0xff, rows >> 8, rows & 0xff) });
  }

  flush(): Position {
    if (this.#pieces.length === 0 || this.#over) return this.#position;
    const to = this.#pieces.at(-1)?.at ?? this.#from;
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#size = 0;
    this.#write(() => this.#port.write('recording.segment', { command: this.#command, index: this.#segments, from_us: this.#from, to_us: to, bytes: this.#shown }, encodePieces(pieces)));
    this.#segments++;
    this.#bytes += this.#shown;
    this.#shown = 0;
    this.#from = to;
    return this.#position;
  }

  end(why: string | null): void {
    if (this.#over) return;
    this.flush();
    const cut = this.#cut ?? why;
    this.#write(() => this.#port.write('recording.ended', { command: this.#command, segments: this.#segments, bytes: this.#bytes, whole: cut === null, why: cut }, null));
    this.#over = true;
    this.#ended();
  }

  #add(piece: RecordedPiece): void {
    if (this.#size + pieceSize(piece) > maxSegmentBytes) this.flush();
    this.#pieces.push(piece);
    this.#size += pieceSize(piece);
  }

  #now(): number {
    return Math.max(this.#pieces.at(-1)?.at ?? this.#from, this.#port.monoUs() - this.#began);
  }

  #write(write: () => Position): void {
    try {
      this.#position = write();
    } catch (error) {
      this.#over = true;
      this.#port.failed(error);
    }
  }
}
