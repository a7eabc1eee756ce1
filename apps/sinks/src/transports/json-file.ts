import { open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Format, SignedCheckpoint, StoredEvent } from '@sallyport/engine-siem';
import { asText, DeliveryError, type Delivery, type Transport } from './transport.ts';

export interface FileOptions {
  readonly path: string;
  readonly maxBytes: number;
  /** Full files that are kept besides the one that is written. */
  readonly keep: number;
  readonly format: Format;
}

/** How much of a file's end is looked at for its last line end. */
const lookBack = 16 * 1024 * 1024;

/**
 * Lines of JSON in `<name>.jsonl`, appended and synced before they count as taken. A full file becomes `<name>-<leaf>.jsonl`, by the leaf after its
 * last one, before the next batch; the oldest beyond `keep` go. What a crash left half-written at the end is cut off: it comes again.
 */
export class JsonFile implements Transport {
  readonly most = { records: 500, bytes: 4 * 1024 * 1024 };
  readonly #of: FileOptions;
  #file: { readonly handle: FileHandle; size: number } | null = null;

  constructor(of: FileOptions) {
    this.#of = of;
  }

  render(stored: StoredEvent | SignedCheckpoint): string {
    const text = asText(this.#of.format(stored));
    return text.endsWith('\n') ? text : `${text}\n`;
  }

  async send(records: readonly Delivery[]): Promise<readonly Delivery[]> {
    const [first] = records;
    if (first === undefined) return [];
    try {
      if (this.#file !== null && this.#file.size >= this.#of.maxBytes) await this.#rotate(first.leaf);
      this.#file ??= await this.#open();
      const bytes = Buffer.from(records.map(({ text }) => text).join(''));
      await this.#file.handle.appendFile(bytes);
      await this.#file.handle.sync();
      this.#file.size += bytes.byteLength;
      return [];
    } catch (error) {
      await this.close();
      throw new DeliveryError('disk', `the file cannot be written: ${error instanceof Error && 'code' in error ? String(error.code) : 'failed'}`);
    }
  }

  async close(): Promise<void> {
    await this.#file?.handle.close().catch(() => undefined);
    this.#file = null;
  }

  async #open(): Promise<{ handle: FileHandle; size: number }> {
    const cut = await open(this.#of.path, 'a+', 0o640);
    try {
      const { size } = await cut.stat();
      const whole = await endOfLines(cut, size);
      if (whole < size) await cut.truncate(whole);
      await syncDirectory(this.#of.path);
      return { handle: cut, size: whole };
    } catch (error) {
      await cut.close();
      throw error;
    }
  }

  async #rotate(leaf: number): Promise<void> {
    await this.close();
    const { path, keep } = this.#of;
    const base = path.slice(0, -'.jsonl'.length);
    await rename(path, `${base}-${String(leaf).padStart(15, '0')}.jsonl`);
    await syncDirectory(path);
    const own = new RegExp(`^${base.slice(dirname(path).length + 1)}-\\d{15}\\.jsonl$`);
    const full = (await readdir(dirname(path))).filter((name) => own.test(name)).sort();
    for (const name of full.slice(0, Math.max(0, full.length - keep))) await rm(join(dirname(path), name));
  }
}

/** Where the last whole line ends. */
async function endOfLines(file: FileHandle, size: number): Promise<number> {
  const from = Math.max(0, size - lookBack);
  const tail = Buffer.alloc(size - from);
  await file.read(tail, 0, tail.byteLength, from);
  return from + tail.lastIndexOf(0x0a) + 1;
}

/** A file that was made or renamed is only there after its directory is on the disk. */
async function syncDirectory(path: string): Promise<void> {
  if (!(await stat(dirname(path))).isDirectory()) return;
  await using directory = await open(dirname(path), 'r');
  await directory.sync();
}
