import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Api } from './api.ts';
import { settings } from './settings.ts';

/** A console that closes each kept connection as its next request comes, as one does that has waited long enough. Tells which connection each request came by. */
async function hasty() {
  const asked: string[] = [];
  let connections = 0;
  const server = createServer((socket: Socket) => {
    const mine = ++connections;
    let requests = 0;
    socket.on('error', () => undefined).on('data', (bytes) => {
      asked.push(`${mine} ${bytes.toString().split(' ', 1)[0]}`);
      if (++requests > 1) return socket.resetAndDestroy();
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\n{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const api = new Api(settings({ SALLYPORT_API: `http://127.0.0.1:${port}`, SALLYPORT_TOKEN: 'token-of-alice' }), () => undefined);
  return { api, asked, [Symbol.asyncDispose]: async () => void server.close() };
}

describe('a connection that the console closed between two requests', () => {
  it('costs no reading: it is asked again by another', async () => {
    await using console = await hasty();
    for (let i = 0; i < 2; i++) expect(await console.api.get('/v1/a', z.object({}))).toEqual({});
    expect(console.asked).toEqual(['1 GET', '1 GET', '2 GET']);
  });

  it('carries nothing that may change something, which is therefore never sent twice', async () => {
    await using console = await hasty();
    await console.api.get('/v1/a', z.object({}));
    expect(await console.api.post('/v1/b', {}, z.object({}))).toEqual({});
    expect(console.asked).toEqual(['1 GET', '2 POST']);
  });
});
