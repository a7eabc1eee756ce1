import { EvidenceUnavailableError, type Clock, type EvidenceLog, type Position, type SealedBlob } from '@sallyport/domain-model';

/** A log in memory that is durable at once. `refusing` is set by the test. */
export class FakeLog implements EvidenceLog {
  readonly producer: { readonly id: string; readonly epoch: string };
  readonly events: { readonly bytes: Uint8Array; readonly blobs: readonly Uint8Array[] }[] = [];
  refusing: string | null = null;
  /** The next append throws although the log seemed to take events. */
  failNext = false;

  constructor(epoch: string, id = 'gw-1') {
    this.producer = { id, epoch };
  }

  next(): Position {
    return this.events.length + 1;
  }

  append(bytes: Uint8Array, blobs: readonly SealedBlob[]): Position {
    if (this.failNext) {
      this.failNext = false;
      throw new EvidenceUnavailableError('the disk is full');
    }
    return this.events.push({ bytes, blobs: blobs.map((blob) => blob.bytes) });
  }

  get local(): Position {
    return this.events.length;
  }

  get acked(): Position {
    return this.events.length;
  }

  whenDurable(_position: Position, _how: 'local' | 'acked', done: (error: Error | null) => void): void {
    done(null);
  }
}

/** One millisecond a call. */
export function tickingClock(from = Date.UTC(2026, 10, 22, 10)): Clock {
  let ms = 0;
  return { now: () => from + ms++, monoUs: () => ms * 1000 };
}
