import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../failure.ts';

/** A person's login at one API: the token that is shown there, and how it is renewed. */
const login = z.object({
  person: z.string(),
  issuer: z.string(),
  clientId: z.string(),
  scopes: z.array(z.string()),
  audience: z.string().nullable(),
  resource: z.string().nullable(),
  /** Which of the issuer's tokens `token` is. */
  kind: z.enum(['access', 'id']),
  token: z.string(),
  refreshToken: z.string().nullable(),
  /** RFC 3339; null when the issuer does not say. */
  expires: z.string().nullable(),
  /** PEM file for the issuer's certificate; null for the system's authorities. */
  ca: z.string().nullable(),
});
export type Login = z.infer<typeof login>;

const file = z.object({ version: z.literal(1), logins: z.record(z.string(), login) });

/**
 * The logins of this person, by the address of the API, in `logins.json`: mode 0600 in a directory of mode 0700. A file that others could read
 * is not used. Tokens stand in it as they are; there is no keychain everywhere.
 */
export class Logins {
  readonly path: string;
  readonly #directory: string;

  constructor(env: NodeJS.ProcessEnv) {
    this.#directory = env['SALLYPORT_CONFIG'] || join(env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config'), 'sallyport');
    this.path = join(this.#directory, 'logins.json');
  }

  /** Null when nobody is logged in there. Throws a Failure for a file that cannot or must not be used. */
  of(api: URL): Login | null {
    const logins = this.#read();
    return Object.hasOwn(logins, key(api)) ? (logins[key(api)] ?? null) : null;
  }

  keep(api: URL, one: Login): void {
    this.#write({ ...this.#read(), [key(api)]: one });
  }

  forget(api: URL): void {
    const { [key(api)]: _gone, ...rest } = this.#read();
    this.#write(rest);
  }

  #read(): Record<string, Login> {
    const text = this.#text();
    if (text === null) return {};
    const parsed = file.safeParse(json(text));
    if (!parsed.success) throw new Failure('invalid', `${this.path} is not understood`, 'remove it and run `sallyport login`');
    return parsed.data.logins;
  }

  #text(): string | null {
    try {
      const { mode } = statSync(this.path);
      if (process.platform !== 'win32' && (mode & 0o077) !== 0) throw new Failure('invalid', `${this.path} can be read by others: its tokens are not used`, 'remove it and run `sallyport login`');
      return readFileSync(this.path, 'utf8');
    } catch (error) {
      if (error instanceof Failure) throw error;
      if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null;
      throw new Failure('invalid', `${this.path} cannot be read`, 'is it yours?');
    }
  }

  /** Whole or not at all, and never readable by others, not even for a moment. */
  #write(logins: Readonly<Record<string, Login>>): void {
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      const fresh = `${this.path}.${process.pid}`;
      writeFileSync(fresh, `${JSON.stringify({ version: 1, logins }, null, 2)}\n`, { mode: 0o600, flag: 'w' });
      renameSync(fresh, this.path);
    } catch (error) {
      const why = error instanceof Error && 'code' in error ? String(error.code) : 'failed';
      throw new Failure('failed', `${this.path} cannot be written (${why})`, 'SALLYPORT_CONFIG names another directory');
    }
  }
}

const key = (api: URL) => api.href.replace(/\/+$/, '');

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
