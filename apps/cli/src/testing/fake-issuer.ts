import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createTls } from 'node:https';
import { text } from 'node:stream/consumers';

/** What the token endpoint says: an OAuth error, a token, or nothing because the connection breaks. */
export type Said = { readonly error: string } | { readonly access_token: string; readonly refresh_token?: string; readonly expires_in?: number } | 'breaks';

export interface FakeIssuer extends AsyncDisposable {
  readonly url: string;
  /** Forms that were sent, by path. */
  readonly asked: { readonly path: string; readonly form: Readonly<Record<string, string>> }[];
  /** Answers of the token endpoint, in order; the last one stays. */
  says(...answers: Said[]): void;
}

export interface FakeIssuerOptions {
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Seconds that a code is good. */
  readonly expiresIn?: number;
  readonly without?: 'device' | 'revocation';
  readonly verificationUri?: string;
}

/** An issuer with the device grant, as a script. Polling is as quick as the protocol's numbers allow. */
export async function fakeIssuer(options: FakeIssuerOptions = {}): Promise<FakeIssuer> {
  const asked: { path: string; form: Record<string, string> }[] = [];
  let script: Said[] = [{ error: 'authorization_pending' }];
  let url = '';
  const metadata = () => ({
    issuer: url, token_endpoint: `${url}/token`,
    ...(options.without === 'device' ? {} : { device_authorization_endpoint: `${url}/device` }),
    ...(options.without === 'revocation' ? {} : { revocation_endpoint: `${url}/revoke` }),
  });
  const listener: RequestListener = (request, response) => {
    const path = request.url ?? '';
    void text(request).then((body) => {
      const answer = (status: number, value: unknown) => void response.writeHead(status, { 'content-type': 'application/json' }).end(value === null ? '' : JSON.stringify(value));
      if (path.startsWith('/.well-known')) return answer(200, metadata());
      asked.push({ path, form: Object.fromEntries(new URLSearchParams(body)) });
      if (path === '/device') return answer(200, { device_code: 'device-code-secret', user_code: 'WDJB-MJHT', verification_uri: options.verificationUri ?? `${url}/go`, expires_in: options.expiresIn ?? 60, interval: 0.05 });
      if (path === '/revoke') return answer(200, null);
      const said = script.length > 1 ? script.shift() : script[0];
      if (said === undefined || said === 'breaks') return void response.destroy();
      return answer('error' in said ? 400 : 200, 'error' in said ? said : { token_type: 'Bearer', ...said });
    });
  };
  const server = options.tls === undefined ? createHttp(listener) : createTls(options.tls, listener);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const bound = server.address();
  url = `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`;
  return {
    url,
    asked,
    says: (...answers) => void (script = answers),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
