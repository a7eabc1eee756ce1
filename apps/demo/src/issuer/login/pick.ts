import type { IncomingMessage, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import { people } from '../cast.ts';
import { pageHeaders, pickPage, troublePage } from './pages.ts';

/** Where the provider sends a browser when it wants to know who is there. */
export const pickPath = '/interaction/';
const longestForm = 4_096;

/**
 * The page on which a person of the demo is picked. The browser's cookie of this one login says which login it is; a page of another site
 * cannot send it (SameSite), so it cannot pick for somebody.
 */
export async function pick(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await provider.interactionDetails(request, response);
    if (request.method === 'GET') return void response.writeHead(200, pageHeaders).end(pickPage(people));
    const form = request.method === 'POST' ? await formOf(request) : new URLSearchParams();
    const person = people.find(({ name }) => name === form.get('person'));
    if (person !== undefined) return await provider.interactionFinished(request, response, { login: { accountId: person.name, remember: false } });
    if (form.has('cancel')) return await provider.interactionFinished(request, response, { error: 'access_denied', error_description: 'the person cancelled' });
    response.writeHead(400, pageHeaders).end(troublePage('Nobody of that name is in the demo.'));
  } catch {
    // The login is over, was never there, or belongs to another browser.
    response.writeHead(400, pageHeaders).end(troublePage('This login has ended or was started in another browser.'));
  }
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.byteLength;
    if (size > longestForm) throw new RangeError('the form is too large');
    chunks.push(bytes);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}
