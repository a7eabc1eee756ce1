import type { Gate } from '@sallyport/protocol-spi';
import type { StatementReader } from '../sql/index.ts';
import type { Op } from './op.ts';
import { OpQueue } from './op.ts';
import { Registry } from './registry.ts';
import type { CommandRun } from './run.ts';
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
  /** Runs that were sent and will ask for COPY data, unless they fail. */
  readonly copies: Set<CommandRun>;
  /** Frames of the extended protocol were sent since the last Sync: a Query of our own would end what they have begun. */
  batch: boolean;
  /** Commands that were sent so far. */
  runs: number;
  /** What the client is told to be logged in as. */
  readonly user: string;
  /** The target has said its last words: it closes the connection. */
  farewell: boolean;
  /** The session has ended: nothing is sent any more, and whatever still gets a permit gives it back. */
  over: boolean;
  /** Puts a notice into the client's stream. */
  notice(say: string, hint: string): void;
  /** Stops the running command at the target, out of band. */
  cancelUpstream(): void;
  /** Ends the session with an error that the client can read. */
  fatal(code: 'unreadable' | 'internal' | 'unmaskable' | 'limit', say: string): void;
  /** The client has said goodbye. */
  goodbye(): void;
  sendUpstream(bytes: Buffer): void;
  /** Resolves when no answer is awaited any more, a COPY asks for its data, or the session is over: who waits looks again. */
  turn(): Promise<void>;
  /** Wakes who waits for a turn. */
  wake(): void;
}

/** Takes back what the discarded operations had assumed, newest first, and settles their permits as never run. */
export function discard(ops: readonly Op[]): void {
  for (let i = ops.length - 1; i >= 0; i--) {
    const op = ops[i];
    switch (op?.kind) {
      case 'parse':
      case 'bind':
      case 'close':
        op.undo();
        break;
      case 'describe':
        if (op.portal !== null) op.portal.describedAt = -1;
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
