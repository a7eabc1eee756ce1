import { readdir, readFile } from 'node:fs/promises';
import { request as plain } from 'node:http';
import { request as secured } from 'node:https';
import { join } from 'node:path';
import { tilePath, type ShownLog } from '@sallyport/engine-evidence';

/** What cannot be read of a log now. */
export class LogUnreadable extends Error {}

export interface LogAccess {
  /** Bearer token, null for none. */
  readonly token: string | null;
  /** PEM text of the authority of the console's certificate; null for the system's. */
  readonly ca: string | null;
}

/** The log at a console (`https://…`), or in a directory as C2SP tlog-tiles lays it out: `checkpoint`, `tile/…`, and statements about keys in `key-rotations/`. Throws LogUnreadable. */
export function showLog(where: string, access: LogAccess): Promise<ShownLog> {
  return /^https?:\/\//.test(where) ? fromConsole(new URL(where), access) : fromDirectory(where);
}

async function fromDirectory(path: string): Promise<ShownLog> {
  const read = (...parts: string[]) => readFile(join(path, ...parts)).catch(() => Promise.reject(new LogUnreadable(`cannot read ${join(path, ...parts)}`)));
  const statements = await readdir(join(path, 'key-rotations')).catch((): string[] => []);
  return {
    note: (await read('checkpoint')).toString(),
    rotations: await Promise.all(statements.sort().map(async (name) => (await read('key-rotations', name)).toString())),
    async tile(level, index, width) {
      // A partial tile may be gone once the full one is there.
      const whole = tilePath({ level, index, width: 256 });
      const bytes = await read(tilePath({ level, index, width })).catch((error: unknown) => (width === 256 ? Promise.reject(error) : read(whole)));
      return checked(new Uint8Array(bytes).subarray(0, width * 32), width);
    },
  };
}

async function fromConsole(base: URL, access: LogAccess): Promise<ShownLog> {
  const get = async (path: string): Promise<Readonly<Record<string, unknown>>> => {
    const value: unknown = parsed(await fetchText(new URL(path, base), access));
    if (typeof value !== 'object' || value === null) throw new LogUnreadable(`${base.host} answers something else than a log does`);
    return { ...value };
  };
  const { note, rotations } = await get('/v1/log/checkpoint');
  if (typeof note !== 'string') throw new LogUnreadable(`${base.host} shows no checkpoint`);
  return {
    note,
    rotations: Array.isArray(rotations) ? rotations.filter((one) => typeof one === 'string') : [],
    async tile(level, index, width) {
      const { hashes } = await get(`/v1/log/tile?level=${level}&index=${index}&width=${width}`);
      return checked(new Uint8Array(Buffer.from(typeof hashes === 'string' ? hashes : '', 'base64')), width);
    },
  };
}

function checked(bytes: Uint8Array, width: number): Uint8Array {
  if (bytes.length !== width * 32) throw new LogUnreadable('a tile is shorter than the tree has it');
  return bytes;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Larger answers are none: a tile is 11 kB in base64. */
const mostBytes = 4 * 1024 ** 2;

function fetchText(url: URL, { token, ca }: LogAccess): Promise<string> {
  const send = url.protocol === 'https:' ? secured : plain;
  return new Promise((done, failed) => {
    const away = (why: string) => failed(new LogUnreadable(`${url.host}: ${why}`));
    const outgoing = send(url, { timeout: 15_000, headers: { accept: 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) }, ...(ca === null ? {} : { ca }) }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.length > mostBytes) outgoing.destroy(new Error('it answers too much'));
      });
      incoming.on('end', () => (incoming.statusCode === 200 ? done(text) : away(`it answers ${incoming.statusCode ?? 0}`)));
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('it does not answer')));
    outgoing.on('error', (error) => away(error.message));
    outgoing.end();
  });
}
