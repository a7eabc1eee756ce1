import type { Permit } from '@sallyport/protocol-spi';
import { Side } from './side.ts';

/** An open file or directory of the target, and the one command that it is. */
export class OpenHandle {
  readonly permit: Permit;
  readonly path: string;
  readonly began = performance.now();
  readonly read = new Side();
  readonly written = new Side();
  names = 0;

  constructor(permit: Permit, path: string) {
    this.permit = permit;
    this.path = path;
  }

  /** The handle is closed, or the channel is. */
  settle(status: 'ok' | 'failed' | 'cut' | 'lost', error: string | null): void {
    const passed = [...(this.read.bytes > 0 ? [this.read.passed('read')] : []), ...(this.written.bytes > 0 ? [this.written.passed('write')] : [])];
    this.permit.settle({ status, rows: this.names, bytes: this.read.bytes, micros: Math.round((performance.now() - this.began) * 1000), error, masked: [], passed });
  }
}
