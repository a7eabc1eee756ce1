import { createServer } from 'node:https';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tlsMaterial, type TlsMaterial } from '@sallyport/testing-stack';
import { FetchError, fetchJson } from './fetch-json.ts';

let tls: TlsMaterial;
let other: TlsMaterial;
let url: string;
let stop: () => void;

beforeAll(async () => {
  [tls, other] = await Promise.all([tlsMaterial(), tlsMaterial()]);
  const server = createServer({ cert: tls.pem.cert, key: tls.pem.key }, (_request, response) => response.end('{"keys":[]}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/keys`;
  stop = () => server.close();
});
afterAll(async () => {
  stop();
  await Promise.all([tls[Symbol.asyncDispose](), other[Symbol.asyncDispose]()]);
});

it('trusts the authority of the issuer document, as text or as file, and then no other', async () => {
  expect(await fetchJson(url, tls.pem.ca)).toEqual({ keys: [] });
  expect(await fetchJson(url, `file:${tls.ca}`)).toEqual({ keys: [] });
  await expect(fetchJson(url, other.pem.ca)).rejects.toThrow(FetchError);
  await expect(fetchJson(url, null)).rejects.toThrow(FetchError);
});

it('fetches nothing in the clear from another machine', async () => {
  await expect(fetchJson('http://idp.example/keys', null)).rejects.toThrow('not https');
});
