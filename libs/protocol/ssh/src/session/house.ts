import type { Socket } from 'node:net';
import type { ServedSession } from '@sallyport/protocol-spi';
import type { Client, Connection } from 'ssh2';
import type { SshSettings } from '../settings.ts';

/** What all channels of one session share. */
export interface House {
  readonly session: ServedSession<SshSettings>;
  /** The client's side. */
  readonly connection: Connection;
  readonly socket: Socket;
  /** The target's side. */
  readonly upstream: Client;
  readonly upstreamSocket: Socket;
  /** The client has broken a protocol inside of a channel: the session ends. */
  readonly fail: (why: string) => void;
}
