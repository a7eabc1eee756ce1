import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cast } from './cast.ts';

/** The demo issuer's signing key and the secrets of its clients, made at the first start and kept. */
export interface IssuerState {
  /** Private EC key as JWK. */
  readonly key: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, string>>;
}

/** What a client needs to fetch a token: `clients.json` in the state directory, readable by its owner only. */
export interface ClientsFile {
  readonly issuer: string;
  readonly secrets: Readonly<Record<string, string>>;
}

const clientsPath = (directory: string) => join(directory, 'clients.json');

export async function openState(directory: string): Promise<IssuerState> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  const key = (await readRecord(join(directory, 'key.json'))) ?? newKey();
  await writePrivate(join(directory, 'key.json'), key);
  const kept = (await readClients(directory))?.secrets ?? {};
  return { key, secrets: Object.fromEntries(cast.map(({ name }) => [name, kept[name] ?? randomBytes(32).toString('base64url')])) };
}

export function writeClients(directory: string, clients: ClientsFile): Promise<void> {
  return writePrivate(clientsPath(directory), clients);
}

/** Null when the issuer was never started with this directory. */
export async function readClients(directory: string): Promise<ClientsFile | null> {
  const record = await readRecord(clientsPath(directory));
  if (record === null || typeof record['issuer'] !== 'string' || typeof record['secrets'] !== 'object' || record['secrets'] === null) return null;
  return { issuer: record['issuer'], secrets: Object.fromEntries(Object.entries(record['secrets']).filter((entry): entry is [string, string] => typeof entry[1] === 'string')) };
}

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
