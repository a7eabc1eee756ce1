import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LineCounter, parseAllDocuments, type Document } from 'yaml';
import type { AnyDocument } from './kinds/index.ts';
import { parseDocument, pathText } from './parse.ts';

/** Largest file that is read, in bytes, and how deep folders are followed. */
const maxFileBytes = 4 * 1024 * 1024;
const maxDepth = 8;

/** Where a document or a problem stands. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface LoadedDocument extends Place {
  readonly document: AnyDocument;
}

export interface LoadProblem extends Place {
  /** `spec.bindings[0].claims`, or empty when the file itself is wrong. */
  readonly path: string;
  readonly say: string;
}

export interface Loaded {
  readonly documents: readonly LoadedDocument[];
  readonly problems: readonly LoadProblem[];
}

/** Reads every `*.yaml` and `*.yml` under `directory`, in name order. Never throws for what is in the files; throws when the directory cannot be read. */
export async function loadDirectory(directory: string): Promise<Loaded> {
  const loaded = await Promise.all((await yamlFiles(directory, 0)).map(loadFile));
  const documents = loaded.flatMap((one) => one.documents);
  return { documents, problems: [...loaded.flatMap((one) => one.problems), ...duplicates(documents)] };
}

/** The same for the text of one file. */
export function loadText(file: string, text: string): Loaded {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true, merge: false, version: '1.2', prettyErrors: false });
  const documents: LoadedDocument[] = [];
  const problems: LoadProblem[] = [];
  if (!Array.isArray(parsed)) return { documents, problems };
  for (const document of parsed) readOne(file, document, lines, documents, problems);
  return { documents, problems };
}

function readOne(file: string, yaml: Document.Parsed, lines: LineCounter, documents: LoadedDocument[], problems: LoadProblem[]): void {
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const faults = [...yaml.errors, ...yaml.warnings];
  if (faults.length > 0) {
    problems.push(...faults.map((fault) => ({ ...place(fault.pos[0]), path: '', say: fault.message })));
    return;
  }
  const start = place(yaml.contents?.range?.[0] ?? yaml.range[0]);
  const raw = plain(yaml);
  if (raw instanceof Error) {
    problems.push({ ...start, path: '', say: raw.message });
    return;
  }
  if (raw === null) return;
  const result = parseDocument(raw);
  if (result.ok) documents.push({ ...start, document: result.document });
  else problems.push(...result.problems.map(({ path, say }) => ({ ...place(offsetOf(yaml, path)), path: pathText(path), say })));
}

/** Aliases may repeat a value, and never blow a small file up into a large document. */
function plain(yaml: Document.Parsed): unknown {
  try {
    return yaml.toJS({ maxAliasCount: 50 });
  } catch (error) {
    return error instanceof Error ? error : new Error('cannot be read');
  }
}

/** Offset of the node at `path`, or of the nearest one above it that exists. */
function offsetOf(yaml: Document.Parsed, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node: unknown = yaml.getIn(path.slice(0, length), true);
    const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : null;
    if (Array.isArray(range) && typeof range[0] === 'number') return range[0];
  }
  return yaml.contents?.range?.[0] ?? 0;
}

async function loadFile(file: string): Promise<Loaded> {
  const at = { file, line: 1, column: 1, path: '' };
  const { size } = await stat(file);
  if (size > maxFileBytes) return { documents: [], problems: [{ ...at, say: `larger than ${maxFileBytes} bytes` }] };
  try {
    return loadText(file, new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file)));
  } catch (error) {
    if (error instanceof TypeError) return { documents: [], problems: [{ ...at, say: 'is not UTF-8 text' }] };
    throw error;
  }
}

async function yamlFiles(directory: string, depth: number): Promise<string[]> {
  const found: string[] = [];
  for (const entry of (await readdir(directory)).sort()) {
    if (entry.startsWith('.') || entry === 'node_modules') continue;
    const path = join(directory, entry);
    if ((await stat(path)).isDirectory()) {
      if (depth < maxDepth) found.push(...(await yamlFiles(path, depth + 1)));
    } else if (/\.ya?ml$/.test(entry)) found.push(path);
  }
  return found;
}

function duplicates(documents: readonly LoadedDocument[]): readonly LoadProblem[] {
  const seen = new Map<string, LoadedDocument>();
  const problems: LoadProblem[] = [];
  for (const loaded of documents) {
    const key = `${loaded.document.kind}/${loaded.document.metadata.name}`;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, loaded);
    else problems.push({ file: loaded.file, line: loaded.line, column: loaded.column, path: 'metadata.name', say: `${key} stands already in ${first.file}:${first.line}` });
  }
  return problems;
}
