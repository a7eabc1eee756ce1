import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DerError, NoteError, parseVerifierKey, verifyGrowth, verifyPack, verifyProof, verifySession, type NamedNote, type PackReport, type Report, type RotationNote } from '@sallyport/engine-evidence';
import { follow, followText, type FollowOptions } from './follow/follow.ts';

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
  /** vkeys of producers' instance keys, or files with one a line. */
  readonly producers?: readonly string[];
  /** Files with statements that a key of the log follows another. */
  readonly rotations?: readonly string[];
}

export async function checkPack(path: string, { keys, checkpoints, witnesses, authorities, producers = [], rotations = [] }: PackOptions): Promise<PackReport> {
  const kept = await Promise.all(checkpoints.map(async (file) => ({ name: file, bytes: await read(file) })));
  const [pack, vkeys] = [await read(path), await keysOf(keys)];
  const [known, statements] = [await producersOf(producers), await rotationsOf(rotations)];
  const roots = await Promise.all(authorities.map(async (file) => Buffer.from(await read(file)).toString('latin1')));
  return trusting(() => verifyPack(pack, { keys: vkeys, kept, witnesses, authorities: roots, producers: known, rotations: statements }));
}

export async function checkSession(path: string, producers: readonly string[] = []): Promise<Report> {
  return verifySession(await read(path), basename(path), await producersOf(producers));
}

export async function checkProof(path: string, event: string, keys: readonly string[], witnesses: number, statements: readonly string[] = []): Promise<Report> {
  const [proof, bytes, vkeys, rotations] = [await read(path), await read(event), await keysOf(keys), await rotationsOf(statements)];
  return trusting(() => verifyProof(proof, bytes, { keys: vkeys, witnesses, rotations }, basename(path)));
}

export async function checkConsistency(a: string, b: string, proof: string, keys: readonly string[], statements: readonly string[] = []): Promise<Report> {
  const [one, two, hashes, vkeys, rotations] = [await read(a), await read(b), await read(proof), await keysOf(keys), await rotationsOf(statements)];
  return trusting(() => verifyGrowth({ name: a, bytes: one }, { name: b, bytes: two }, hashes, { keys: vkeys, rotations }));
}

/** As it was typed. */
export interface FollowOrder {
  readonly where: string;
  readonly keys: readonly string[];
  readonly rotations: readonly string[];
  readonly witnesses: number;
  readonly state: string | undefined;
  readonly every: string | undefined;
  readonly stalled: string | undefined;
  readonly once: boolean;
  readonly json: boolean;
}

/** Follows a log until it is stopped, or for one step: the one check that uses the network. */
export async function checkLog(order: FollowOrder, env: NodeJS.ProcessEnv, print: (text: string) => void): Promise<Report['exitCode']> {
  if (order.state === undefined) throw new VerifierUsageError('--state names the file that remembers the log');
  const ca = env['SALLYPORT_CA'] ? Buffer.from(await read(env['SALLYPORT_CA'])).toString() : null;
  const token = env['SALLYPORT_TOKEN'] || env['SALLYPORT_ADMIN_TOKEN'] || null;
  const stop = new AbortController();
  const options: FollowOptions = {
    where: order.where, checks: { keys: await keysOf(order.keys), rotations: await rotationsOf(order.rotations), witnesses: order.witnesses }, state: order.state,
    everyMs: secondsOf('--every', order.every, 30), stalledMs: secondsOf('--stalled', order.stalled, 300), once: order.once, ca, token, signal: stop.signal,
    say: (report) => print(order.json ? JSON.stringify(report) : followText(report, new Date())),
  };
  const end = () => stop.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  try {
    return await trusting(() => follow(options));
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, end);
  }
}

function secondsOf(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback * 1000;
  if (!/^[1-9][0-9]{0,6}$/.test(text)) throw new VerifierUsageError(`${name} is a whole number of seconds`);
  return Number(text) * 1000;
}

/** Keys of producers are read as keys, so that one with a typing error pins nothing by mistake. */
async function producersOf(given: readonly string[]): Promise<string[]> {
  const vkeys = await keysOf(given);
  for (const vkey of vkeys) await trusting(() => parseVerifierKey(vkey));
  return vkeys;
}

async function rotationsOf(files: readonly string[]): Promise<RotationNote[]> {
  return Promise.all(files.map(async (name) => ({ name, bytes: await read(name) })));
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
