import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { does } from '../context.ts';
import { Failure } from '../failure.ts';

export const demoCommand = (): Command => new Command('demo').description('help for the demo that scripts/up starts').addCommand(token());

/** Written by the demo issuer when it starts. */
const clientsFile = z.object({ tokenEndpoint: z.url(), audience: z.string(), clients: z.record(z.string(), z.object({ id: z.string(), secret: z.string() })) });
const tokenAnswer = z.object({ access_token: z.string() });

/** Asks the demo's own issuer for a token (OAuth 2.0 client credentials, RFC 6749 section 4.4), as a CI system would hand one out. */
const token = () =>
  does(new Command('token').description('a fresh token of a machine or person of the demo, on standard output').argument('<name>'), async ({ out, env }, [name = '']) => {
    const file = join(env['SALLYPORT_HOME'] ?? '.sallyport', 'demo', 'clients.json');
    const { tokenEndpoint, clients } = await readClients(file);
    const client = Object.hasOwn(clients, name) ? clients[name] : undefined;
    if (client === undefined) throw new Failure('not-found', `the demo has no ${name}`, `it has ${Object.keys(clients).sort().join(', ')}`);
    const body = new URLSearchParams({ grant_type: 'client_credentials' });
    const authorization = `Basic ${Buffer.from(`${encodeURIComponent(client.id)}:${encodeURIComponent(client.secret)}`).toString('base64')}`;
    const response = await fetch(tokenEndpoint, { method: 'POST', body, headers: { authorization, accept: 'application/json' }, signal: AbortSignal.timeout(10_000) }).catch(() => {
      throw new Failure('unreachable', `the demo issuer does not answer at ${new URL(tokenEndpoint).origin}`, 'is the demo running? scripts/up starts it');
    });
    const answer = tokenAnswer.safeParse(await response.json().catch(() => null));
    if (!response.ok || !answer.success) throw new Failure('denied', `the demo issuer gave no token (status ${response.status})`, 'start the demo again with scripts/up');
    out.show({ token: answer.data.access_token }, (value) => value.token);
  });

async function readClients(file: string): Promise<z.infer<typeof clientsFile>> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Failure('not-found', `${file} is not there`, 'start the demo with scripts/up, and set SALLYPORT_HOME to its state directory when it is not ./.sallyport');
  });
  const parsed = clientsFile.safeParse(parse(text));
  if (!parsed.success) throw new Failure('invalid', `${file} is not understood`, 'start the demo again with scripts/up');
  return parsed.data;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
