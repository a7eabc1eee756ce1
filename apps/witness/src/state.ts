import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { parseCheckpoint, parseNote, type Checkpoint, type SignedNote } from '@sallyport/engine-evidence';
import { readIfThere, writeDurably } from './durable-file.ts';

/** The checkpoint that was cosigned last: the log's note with our cosignature as its last line. */
export interface Cosigned {
  readonly checkpoint: Checkpoint;
  readonly note: SignedNote;
}

/** What the witness has cosigned: one file for each origin, named by the hash of the origin. The files are the only memory there is. */
export class State {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Null when nothing of that origin was ever cosigned. Throws when the file is no such note: never taken for nothing. */
  read(origin: string): Cosigned | null {
    const path = this.#path(origin);
    const text = readIfThere(path);
    if (text === null) return null;
    const note = parseNote(text);
    const checkpoint = parseCheckpoint(note.text);
    if (checkpoint.origin !== origin) throw new Error(`${path} is about another log`);
    return { checkpoint, note };
  }

  /** When it returns, it is on the disk. */
  write(origin: string, note: string): void {
    writeDurably(this.#path(origin), note);
  }

  #path(origin: string): string {
    return join(this.#directory, `${createHash('sha256').update(origin).digest('hex')}.note`);
  }
}
