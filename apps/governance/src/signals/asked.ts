import type { IncomingMessage } from 'node:http';
import type { KnownDirectory } from './directories.ts';

/** One request of somebody whose token is known. */
export interface Asked {
  readonly directory: KnownDirectory;
  readonly method: string;
  /** Without the prefix of its protocol and without a slash at its end. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly type: string;
  /** Where the protocol's own paths begin, for addresses in answers. */
  readonly base: string;
  /** Throws TooLarge. */
  body(): Promise<string>;
}

export interface Answer {
  readonly status: number;
  /** JSON, or nothing. */
  readonly body: object | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export class TooLarge extends Error {}

/** The body as text. Throws TooLarge, and what the connection does. */
export async function bodyOf(request: IncomingMessage, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > most) throw new TooLarge(`the body is larger than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
