import type { Gate } from '@sallyport/protocol-spi';
import type { StatementReader } from '../sql/index.ts';
import type { Op } from './op.ts';
import { OpQueue } from './op.ts';
import { Registry } from './registry.ts';
import type { SessionScope } from './scope.ts';

/** What both directions of one session share. Owned by `PostgresSession`; everything runs on one event loop. */
export interface Conversation {
  readonly gate: Gate;
  readonly reader: StatementReader;
  readonly scope: SessionScope;
  readonly ops: OpQueue;
  readonly registry: Registry;
  /** Transaction state as the server last said: idle, in a transaction, in a failed one. */
  status: 'I' | 'T' | 'E';
  /** After an error in the extended protocol, client frames up to the next Sync are dropped, as the server would. */
  skipping: boolean;
  /** The server waits for COPY data from the client. */
  copyingIn: boolean;
  /** Puts a notice into the client's stream. */
  notice(say: string, hint: string): void;
  /** Stops the running command at the target, out of band. */
  cancelUpstream(): void;
  /** Ends the session with an error that the client can read. */
  fatal(code: 'unreadable' | 'too-large' | 'internal' | 'unmaskable' | 'limit', say: string): void;
  /** The client has said goodbye. */
  goodbye(): void;
  sendUpstream(bytes: Buffer): void;
}

/** Takes back what the discarded operations had assumed, newest first, and settles their permits as never run. */
export function discard(ops: readonly Op[]): void {
  for (let i = ops.length - 1; i >= 0; i--) {
    const op = ops[i];
    switch (op?.kind) {
      case 'parse':
      case 'bind':
        op.undo();
        break;
      case 'execute':
        op.run.settle('unsent', null);
        break;
      case 'query':
        for (const run of op.runs) run.settle('unsent', null);
        break;
      case 'own':
        op.done('discarded');
        break;
      default:
        break;
    }
  }
}
