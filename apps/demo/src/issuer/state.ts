import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { cast } from './cast.ts';

/** The demo issuer's signing key and the secrets of its clients, made at the first start and kept. */
export interface IssuerState {
  /** Private EC key as JWK. */
  readonly key: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, string>>;
}

/** What a client needs to fetch a token: `clients.json` in the state directory, readable by its owner only; `sallyport demo token` reads it. */
export interface ClientsFile {
  readonly tokenEndpoint: string;
  readonly audience: string;
  readonly clients: Readonly<Record<string, { readonly id: string; readonly secret: string }>>;
}

const clientsPath = (directory: string) => join(directory, 'clients.json');

export async function openState(directory: string): Promise<IssuerState> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  const key = (await readRecord(join(directory, 'key.json'))) ?? newKey();
  await writePrivate(join(directory, 'key.json'), key);
  const kept = (await readClients(directory))?.clients ?? {};
  return { key, secrets: Object.fromEntries(cast.map(({ name }) => [name, kept[name]?.secret ?? randomBytes(32).toString('base64url')])) };
}

export function writeClients(directory: string, issuer: string, secrets: Readonly<Record<string, string>>): Promise<void> {
  const clients = Object.fromEntries(Object.entries(secrets).map(([id, secret]) => [id, { id, secret }]));
  return writePrivate(clientsPath(directory), { tokenEndpoint: `${issuer}/token`, audience: 'sallyport', clients } satisfies ClientsFile);
}

/** Null when the issuer was never started with this directory. */
export async function readClients(directory: string): Promise<ClientsFile | null> {
  const parsed = clientsFile.safeParse(await readRecord(clientsPath(directory)));
  return parsed.success ? parsed.data : null;
}

const clientsFile = z.object({ tokenEndpoint: z.string(), audience: z.string(), clients: z.record(z.string(), z.object({ id: z.string(), secret: z.string() })) });

function newKey(): Record<string, unknown> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomBytes(8).toString('hex'), alg: 'ES256', use: 'sig' };
}

async function readRecord(path: string): Promise<Record<string, unknown> | null> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : null;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** Whole or not at all, and never readable by others, not even for a moment. */
async function writePrivate(path: string, value: unknown): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
  await rename(`${path}.new`, path);
}
