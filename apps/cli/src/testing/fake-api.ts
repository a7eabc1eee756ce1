import { createServer, type RequestListener } from 'node:http';
import { createServer as createTls } from 'node:https';
import { text } from 'node:stream/consumers';

export interface Asked {
  readonly route: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

export interface FakeApi extends AsyncDisposable {
  readonly url: string;
  readonly asked: Asked[];
  /** Answers for a `GET /v1/me`; a function sees the query and the body. */
  on(route: string, answer: Answer | Answering): void;
}

type Answering = (query: URLSearchParams, body: unknown) => Answer | Promise<Answer>;

export interface Answer {
  readonly status?: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A console that says what a test wants. */
export async function fakeApi(tls?: { readonly cert: string; readonly key: string }): Promise<FakeApi> {
  const answers = new Map<string, Answer | Answering>();
  const asked: Asked[] = [];
  const listener: RequestListener = (request, response) => {
    const url = new URL(request.url ?? '/', 'http://fake');
    const route = `${request.method} ${url.pathname}`;
    void text(request).then(async (body) => {
      const told: unknown = body === '' ? null : JSON.parse(body);
      asked.push({ route: `${route}${url.search}`, authorization: request.headers.authorization, body: told });
      const found = answers.get(route);
      const answer = typeof found === 'function' ? await found(url.searchParams, told) : (found ?? refusal(404, 'not-found', 'there is no such route'));
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers }).end(JSON.stringify(answer.body));
    });
  };
  const server = tls === undefined ? createServer(listener) : createTls(tls, listener);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  return {
    asked,
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    on: (route, answer) => void answers.set(route, answer),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

export const refusal = (status: number, code: string, say: string): Answer => ({ status, body: { error: { code, say, requestId: 'req-1' } } });
