import { readFileSync } from 'node:fs';
import { Failure } from './failure.ts';
import { Logins, type Login } from './login/logins.ts';

/** What goes along with each request. Tokens are read here and shown nowhere. */
export type Credential =
  | { readonly from: 'SALLYPORT_TOKEN' | 'SALLYPORT_ADMIN_TOKEN'; readonly token: string }
  | { readonly from: 'login'; readonly login: Login }
  | { readonly from: null };

/** What the environment and the stored logins say. */
export interface Settings {
  readonly api: URL;
  /** A token of SALLYPORT_TOKEN, else the login that is stored for this API, else the bootstrap administrator's token. */
  readonly credential: Credential;
  readonly logins: Logins;
  /** PEM text of the authority that signed the API's certificate; null for the system's authorities. */
  readonly ca: string | null;
}

export function settings(env: NodeJS.ProcessEnv): Settings {
  const address = env['SALLYPORT_API'];
  if (address === undefined || address === '') throw new Failure('usage', 'SALLYPORT_API is not set', 'run `. .sallyport/env`, or set it to the address of the console, like https://sallyport.example:8443');
  if (!URL.canParse(address)) throw new Failure('usage', 'SALLYPORT_API is not a URL', 'it looks like https://sallyport.example:8443');
  const api = new URL(address);
  const logins = new Logins(env);
  return { api, credential: credential(env, api, logins), logins, ca: certificate(env['SALLYPORT_CA']) };
}

function credential(env: NodeJS.ProcessEnv, api: URL, logins: Logins): Credential {
  if (env['SALLYPORT_TOKEN']) return { from: 'SALLYPORT_TOKEN', token: env['SALLYPORT_TOKEN'] };
  const login = logins.of(api);
  if (login !== null) return { from: 'login', login };
  return env['SALLYPORT_ADMIN_TOKEN'] ? { from: 'SALLYPORT_ADMIN_TOKEN', token: env['SALLYPORT_ADMIN_TOKEN'] } : { from: null };
}

/** PEM text of SALLYPORT_CA, or null. */
export const authorityOf = (env: NodeJS.ProcessEnv): string | null => certificate(env['SALLYPORT_CA']);

function certificate(path: string | undefined): string | null {
  if (path === undefined || path === '') return null;
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new Failure('usage', `SALLYPORT_CA names ${path}, which cannot be read`, 'it is the PEM file of the authority that signed the API certificate');
  }
}
