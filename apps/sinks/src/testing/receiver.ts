import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

export interface Request {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A stand-in for somebody's HTTP endpoint, written from its public description; `answer` makes it well or ill. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly got: Request[];
  answer: (response: ServerResponse, request: Request, nth: number) => void;
}

export async function receiver(answer: Receiver['answer'] = (response) => void response.writeHead(200).end('{}')): Promise<Receiver> {
  const got: Request[] = [];
  const server = createServer((incoming, response) => {
    void text(incoming).then((body) => {
      const request = { path: incoming.url ?? '', headers: incoming.headers, body };
      got.push(request);
      self.answer(response, request, got.length);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const self: Receiver = {
    url: `http://127.0.0.1:${port}`, got, answer,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  return self;
}
