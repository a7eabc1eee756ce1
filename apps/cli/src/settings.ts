import { readFileSync } from 'node:fs';
import { Failure } from './failure.ts';

/** What the environment says. Tokens are read here and shown nowhere. */
export interface Settings {
  readonly api: URL;
  /** A person's token, else the bootstrap administrator's. Null when neither is set. */
  readonly token: string | null;
  readonly tokenFrom: 'SALLYPORT_TOKEN' | 'SALLYPORT_ADMIN_TOKEN' | null;
  /** PEM text of the authority that signed the API's certificate; null for the system's authorities. */
  readonly ca: string | null;
}

export function settings(env: NodeJS.ProcessEnv): Settings {
  const address = env['SALLYPORT_API'];
  if (address === undefined || address === '') throw new Failure('usage', 'SALLYPORT_API is not set', 'run `. .sallyport/env`, or set it to the address of the console, like https://sallyport.example:8443');
  if (!URL.canParse(address)) throw new Failure('usage', 'SALLYPORT_API is not a URL', 'it looks like https://sallyport.example:8443');
  const token = env['SALLYPORT_TOKEN'] || env['SALLYPORT_ADMIN_TOKEN'] || null;
  const tokenFrom = env['SALLYPORT_TOKEN'] ? 'SALLYPORT_TOKEN' : token === null ? null : 'SALLYPORT_ADMIN_TOKEN';
  return { api: new URL(address), token, tokenFrom, ca: certificate(env['SALLYPORT_CA']) };
}

function certificate(path: string | undefined): string | null {
  if (path === undefined || path === '') return null;
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new Failure('usage', `SALLYPORT_CA names ${path}, which cannot be read`, 'it is the PEM file of the authority that signed the API certificate');
  }
}
