import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DerError, NoteError, verifyGrowth, verifyPack, verifyProof, verifySession, type NamedNote, type PackReport, type Report } from '@sallyport/engine-evidence';

// What the commands `evidence verify …` and the single file `verify.mjs` have in common: files are read here, everything else is in the engine.

/** A file cannot be read or a key is none: the caller's mistake, not the evidence's. */
export class VerifierUsageError extends Error {}

export interface PackOptions {
  /** vkeys, or files with one a line. */
  readonly keys: readonly string[];
  /** Files with checkpoints that were kept. */
  readonly checkpoints: readonly string[];
  readonly witnesses: number;
  /** PEM files with the roots of timestamp authorities. */
  readonly authorities: readonly string[];
}

export async function checkPack(path: string, { keys, checkpoints, witnesses, authorities }: PackOptions): Promise<PackReport> {
  const kept = await Promise.all(checkpoints.map(async (file) => ({ name: file, bytes: await read(file) })));
  const [pack, vkeys] = [await read(path), await keysOf(keys)];
  const roots = await Promise.all(authorities.map(async (file) => Buffer.from(await read(file)).toString('latin1')));
  return trusting(() => verifyPack(pack, { keys: vkeys, kept, witnesses, authorities: roots }));
}

export async function checkSession(path: string): Promise<Report> {
  return verifySession(await read(path), basename(path));
}

export async function checkProof(path: string, event: string, keys: readonly string[], witnesses: number): Promise<Report> {
  const [proof, bytes, vkeys] = [await read(path), await read(event), await keysOf(keys)];
  return trusting(() => verifyProof(proof, bytes, { keys: vkeys, witnesses }, basename(path)));
}

export async function checkConsistency(a: string, b: string, proof: string, keys: readonly string[]): Promise<Report> {
  const [one, two, hashes, vkeys] = [await read(a), await read(b), await read(proof), await keysOf(keys)];
  return trusting(() => verifyGrowth({ name: a, bytes: one }, { name: b, bytes: two }, hashes, { keys: vkeys }));
}

/** Checkpoints that were kept: files, or folders of them. */
export async function keptNotes(paths: readonly string[]): Promise<NamedNote[]> {
  const files = await Promise.all(paths.map(async (path) => ((await isFolder(path)) ? (await readdir(path)).sort().map((name) => join(path, name)) : [path])));
  return Promise.all(files.flat().map(async (name) => ({ name, bytes: await read(name) })));
}

/** A number of witnesses as it was typed. */
export function witnessesOf(text: string | undefined): number {
  if (text === undefined) return 0;
  if (!/^[0-9]{1,3}$/.test(text)) throw new VerifierUsageError('--witnesses is a whole number');
  return Number(text);
}

/** vkeys as they were given, and those of the files that were named. */
export async function keysOf(given: readonly string[]): Promise<string[]> {
  const texts = await Promise.all(given.map(async (one) => (vkey.test(one) ? one : Buffer.from(await read(one)).toString())));
  return texts.flatMap((text) => text.split('\n').map((line) => line.trim())).filter((line) => line !== '');
}

const vkey = /^[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/;

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    throw new VerifierUsageError(`cannot read ${path}`);
  }
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch {
    throw new VerifierUsageError(`cannot read ${path}`);
  }
}

/** The engine throws a NoteError only for the keys that it is given. */
export async function trusting<T>(run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof NoteError) throw new VerifierUsageError(`--key: ${error.message}`);
    if (error instanceof DerError) throw new VerifierUsageError(`--tsa: ${error.message}`);
    throw error;
  }
}
