import { connect, type TLSSocket } from 'node:tls';
import { octetCounted, type Format, type SignedCheckpoint, type StoredEvent } from '@sallyport/engine-siem';
import { asText, DeliveryError, type Delivery, type Transport } from './transport.ts';

export interface SyslogOptions {
  readonly host: string;
  readonly port: number;
  readonly ca: string | null;
  readonly serverName: string | null;
  readonly format: Format;
  readonly withinMs?: number;
}

/** Messages that are sent again on a new connection: the broken one may have lost them. */
const recentMost = 500;

/**
 * Syslog over TLS in octet frames (RFC 5425), on one connection. There is no acknowledgement in the protocol: taken means handed to the system, and the newest
 * messages are sent again after a connection broke. Best effort, and called so.
 */
export class SyslogTls implements Transport {
  readonly most = { records: 200, bytes: 512 * 1024 };
  readonly #of: SyslogOptions;
  readonly #withinMs: number;
  #socket: TLSSocket | null = null;
  #recent: Buffer[] = [];
  #broke = false;

  constructor(of: SyslogOptions) {
    this.#of = of;
    this.#withinMs = of.withinMs ?? 20_000;
  }

  render(stored: StoredEvent | SignedCheckpoint): string {
    return asText(this.#of.format(stored));
  }

  async send(records: readonly Delivery[], signal: AbortSignal): Promise<readonly Delivery[]> {
    const frames = records.map(({ text }) => octetCounted(text));
    this.#socket ??= await this.#open(signal);
    if (this.#broke && this.#recent.length > 0) await this.#write(this.#socket, Buffer.concat(this.#recent));
    this.#broke = false;
    await this.#write(this.#socket, Buffer.concat(frames));
    this.#recent = [...this.#recent, ...frames].slice(-recentMost);
    return [];
  }

  close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return Promise.resolve();
    return new Promise((resolve) => {
      socket.once('close', () => resolve());
      socket.end();
      setTimeout(() => socket.destroy(), 1000).unref();
    });
  }

  #open(signal: AbortSignal): Promise<TLSSocket> {
    const { host, port, ca, serverName } = this.#of;
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, minVersion: 'TLSv1.2', ...(ca === null ? {} : { ca }), ...(serverName === null ? {} : { servername: serverName }) });
      const timer = setTimeout(() => socket.destroy(new Error('timeout')), this.#withinMs);
      const stop = () => socket.destroy(new Error('stopped'));
      signal.addEventListener('abort', stop, { once: true });
      const settled = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
      };
      socket.once('secureConnect', () => {
        settled();
        resolve(socket);
      });
      socket.once('error', (error) => {
        settled();
        reject(new DeliveryError('unreachable', `the connection failed: ${'code' in error ? String(error.code) : 'broken off'}`));
      });
      // A receiver says nothing; but its end of the connection is only seen by reading.
      socket.resume();
      socket.once('close', () => {
        if (this.#socket === socket) this.#socket = null;
        this.#broke = true;
      });
      socket.on('error', () => undefined);
    });
  }

  #write(socket: TLSSocket, bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const lost = () => done(new DeliveryError('unreachable', 'the connection was lost'));
      const timer = setTimeout(() => {
        socket.destroy();
        done(new DeliveryError('timeout', `the receiver does not read for ${this.#withinMs} ms`));
      }, this.#withinMs);
      const done = (error: DeliveryError | null) => {
        clearTimeout(timer);
        socket.off('close', lost);
        if (error === null) resolve();
        else reject(error);
      };
      socket.once('close', lost);
      if (socket.destroyed) return lost();
      socket.write(bytes, (error) => (error ? lost() : done(null)));
    });
  }
}
