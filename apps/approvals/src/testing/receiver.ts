import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

export interface Received {
  readonly signature: string;
  readonly body: string;
  readonly notice: { readonly id: string; readonly approval: string; readonly state: string; readonly seq: number };
}

export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly received: Received[];
  /** How the next requests are answered; default 204. */
  answer: (response: ServerResponse, request: Received) => void;
}

const notice = z.object({ id: z.string(), approval: z.string(), state: z.string(), seq: z.number() });

/** Somebody's webhook endpoint. */
export async function receiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => void take(request, response));
  const self: Receiver = { url: '', received, answer: (response) => void response.writeHead(204).end(), [Symbol.asyncDispose]: close };
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = z.object({ port: z.number() }).parse(server.address() satisfies AddressInfo | string | null);
  return Object.assign(self, { url: `http://127.0.0.1:${port}/hook` });

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const one = { signature: String(request.headers['sallyport-signature']), body, notice: notice.parse(JSON.parse(body)) };
    received.push(one);
    self.answer(response, one);
  }

  async function close(): Promise<void> {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
}
