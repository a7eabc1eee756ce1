import { readClients } from './state.ts';

/** A demo token could not be had. */
export class NoDemoTokenError extends Error {
  override readonly name = 'NoDemoTokenError';
  readonly code = 'ERR_NO_DEMO_TOKEN';
}

const timeoutMs = 5_000;

/** Fetches a token for a machine or person of the demo from the running issuer, with the client secret of its state directory. */
export async function demoToken(name: string, stateDir: string): Promise<string> {
  const clients = await readClients(stateDir);
  if (clients === null) throw new NoDemoTokenError('the demo issuer has not been started here');
  const client = Object.hasOwn(clients.clients, name) ? clients.clients[name] : undefined;
  if (client === undefined) throw new NoDemoTokenError(`the demo has no ${name}; it has ${Object.keys(clients.clients).join(', ')}`);
  const answer = await ask(clients.tokenEndpoint, client.id, client.secret);
  if (typeof answer === 'object' && answer !== null && 'access_token' in answer && typeof answer.access_token === 'string') return answer.access_token;
  throw new NoDemoTokenError('the demo issuer answered without a token');
}

async function ask(url: string, name: string, secret: string): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${encodeURIComponent(name)}:${encodeURIComponent(secret)}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((cause: unknown) => {
    throw new NoDemoTokenError('the demo issuer does not answer', { cause });
  });
  if (!response.ok) throw new NoDemoTokenError(`the demo issuer refused: HTTP status ${response.status}`);
  return response.json();
}
