import type { Understanding } from '@sallyport/domain-model';
import type { ShellSettings } from './settings.ts';
import { understand, type Unreadable } from './understand.ts';

/** Longer texts are read anew each time. */
const maxKept = 4 * 1024;

/**
 * Understands commands of one target and remembers the last ones: the same text gives the same object, by which the gate knows that it has decided it
 * before. Keeps at most `entries` texts of at most 4 KiB.
 */
export class CommandReader {
  readonly #settings: ShellSettings;
  readonly #entries: number;
  #young = new Map<string, Understanding>();
  #old = new Map<string, Understanding>();

  constructor(settings: ShellSettings, entries = 1_000) {
    this.#settings = settings;
    this.#entries = Math.max(1, entries >> 1);
  }

  /** Never throws. */
  read(command: string): Understanding | Unreadable {
    const known = this.#young.get(command) ?? this.#old.get(command);
    if (known !== undefined) {
      if (!this.#young.has(command)) this.#keep(command, known);
      return known;
    }
    const means = understand(command, this.#settings);
    if (!('code' in means) && command.length <= maxKept) this.#keep(command, means);
    return means;
  }

  #keep(command: string, means: Understanding): void {
    if (this.#young.size >= this.#entries) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(command, means);
  }
}

/** Different settings that targets of one gateway may have at a time; older ones are read anew. */
const maxReaders = 64;

/** One reader for all targets with the same settings, so that what one session has had understood the next one need not. */
export class CommandReaders {
  readonly #readers = new Map<string, CommandReader>();

  of({ shell, home, maxBytes }: ShellSettings): CommandReader {
    const key = JSON.stringify([shell, home, maxBytes]);
    const known = this.#readers.get(key);
    if (known !== undefined) return known;
    const made = new CommandReader({ shell, home, maxBytes });
    const [oldest] = this.#readers.keys();
    if (oldest !== undefined && this.#readers.size >= maxReaders) this.#readers.delete(oldest);
    this.#readers.set(key, made);
    return made;
  }
}
