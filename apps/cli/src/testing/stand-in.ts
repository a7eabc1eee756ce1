import { createServer, type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';

export interface VendorAsked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface VendorSays {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A stand-in for a vendor's API, written from its public description; it answers what a test says, and keeps what it was asked. */
export class StandIn implements AsyncDisposable {
  readonly asked: VendorAsked[];
  readonly url: string;
  readonly #close: () => Promise<void>;

  private constructor(url: string, asked: VendorAsked[], close: () => Promise<void>) {
    this.url = url;
    this.asked = asked;
    this.#close = close;
  }

  static async open(answer: (asked: VendorAsked, self: string) => VendorSays): Promise<StandIn> {
    const asked: VendorAsked[] = [];
    let self = '';
    const server = createServer((request, response) => {
      void text(request).then((body) => {
        const url = new URL(request.url ?? '/', 'http://stand-in');
        const one = { method: request.method ?? '', path: decodeURIComponent(url.pathname), query: url.searchParams, headers: request.headers, body };
        asked.push(one);
        const said = answer(one, self);
        response.writeHead(said.status ?? 200, { 'content-type': 'application/json', ...said.headers }).end(said.body === undefined ? '' : JSON.stringify(said.body));
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const bound = server.address();
    self = `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`;
    return new StandIn(self, asked, async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}
