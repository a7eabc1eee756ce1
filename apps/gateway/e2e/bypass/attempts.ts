import { bind, copyData, copyDone, describe, execute, parse, query, RawClient, sync, type ServerMessage } from '../clients/raw-client.ts';
import type { Endpoint } from '../support/endpoint.ts';

/** What one statement brought back. */
export interface Attempt {
  readonly messages: readonly ServerMessage[];
  /** SQLSTATE of the first error, or null. */
  readonly error: string | null;
  /** Cells of data rows, and fields of COPY rows (text and csv), by row. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** The connection was closed. */
  readonly closed: boolean;
  /** Everything that was received. */
  readonly bytes: Buffer;
}

export type Way = 'simple' | 'extended';

/** Runs one statement after the other, on one connection as long as it lives. */
export class Attempts {
  readonly #endpoint: Endpoint;
  #client: RawClient | null = null;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  async run(sql: string, way: Way = 'simple'): Promise<Attempt> {
    const client = (this.#client ??= await RawClient.connect(this.#endpoint));
    await client.send(way === 'simple' ? query(sql) : Buffer.concat([parse('', sql), bind('', ''), describe('P', ''), execute(''), sync]));
    const messages: ServerMessage[] = [];
    for (;;) {
      const message = await client.message();
      if (message === null) {
        this.#client = null;
        break;
      }
      messages.push(message);
      if (message.type === 'G') await client.send(Buffer.concat([copyData('900\tcopied\tcopied\n'), copyDone, ...(way === 'simple' ? [] : [sync])]));
      if (message.type === 'Z') break;
    }
    return { messages, error: errorOf(messages), rows: messages.flatMap(cells), closed: this.#client === null, bytes: Buffer.concat(messages.map(({ body }) => body)) };
  }

  close(): void {
    this.#client?.close();
    this.#client = null;
  }
}

function errorOf(messages: readonly ServerMessage[]): string | null {
  const error = messages.find(({ type }) => type === 'E');
  return error === undefined ? null : (/(?:^|\0)C([0-9A-Z]{5})\0/.exec(error.body.toString('latin1'))?.[1] ?? '?????');
}

function cells({ type, body }: ServerMessage): (string | null)[][] {
  if (type === 'd') return [body.toString('utf8').replace(/\n$/, '').split(/[\t,]/)];
  if (type !== 'D') return [];
  const row: (string | null)[] = [];
  let at = 2;
  for (let i = 0; i < body.readInt16BE(0); i++) {
    const length = body.readInt32BE(at);
    at += 4;
    row.push(length < 0 ? null : body.toString('utf8', at, at + length));
    at += Math.max(length, 0);
  }
  return [row];
}
