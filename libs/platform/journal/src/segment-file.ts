import * as fs from 'node:fs';
import { promisify } from 'node:util';

const { constants } = fs;
const write = promisify(fs.write);
const fdatasync = promisify(fs.fdatasync);
const open = promisify(fs.open);
const close = promisify(fs.close);
const rename = promisify(fs.rename);
const fsync = promisify(fs.fsync);
const unlink = promisify(fs.unlink);

/** Where the system has it, a write that returns when it is durable: one trip through the thread pool instead of two. */
const dsync = typeof constants.O_DSYNC === 'number' ? constants.O_DSYNC : 0;
const zeros = Buffer.alloc(256 * 1024);

/** A file open for durable writes at given places. */
export class SegmentFile {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** A new file of `bytes` zeros, made durable under a temporary name: writing into it later changes no size and no blocks. */
  static async prepare(path: string, bytes: number): Promise<void> {
    const fd = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o600);
    try {
      for (let at = 0; at < bytes; at += zeros.length) await writeAll(fd, zeros.subarray(0, Math.min(zeros.length, bytes - at)), at);
      await fdatasync(fd);
    } finally {
      await close(fd);
    }
  }

  /** Opens `path`, taking the prepared file for it when there is one; its name is durable when this returns. */
  static async open(path: string, prepared: string | null, directory: string): Promise<SegmentFile> {
    if (prepared !== null) await rename(prepared, path);
    const fd = await open(path, constants.O_WRONLY | constants.O_CREAT | dsync, 0o600);
    await syncDirectory(directory);
    return new SegmentFile(fd);
  }

  /** Durable when it returns. */
  async write(bytes: Uint8Array, at: number): Promise<void> {
    await writeAll(this.#fd, bytes, at);
    if (dsync === 0) await fdatasync(this.#fd);
  }

  close(): Promise<void> {
    return close(this.#fd);
  }
}

export async function remove(path: string): Promise<void> {
  await unlink(path);
}

async function writeAll(fd: number, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesWritten } = await write(fd, bytes, done, bytes.byteLength - done, at + done);
    if (bytesWritten === 0) throw Object.assign(new Error('nothing was written'), { code: 'EIO' });
    done += bytesWritten;
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const fd = await open(directory, constants.O_RDONLY);
  try {
    await fsync(fd);
  } finally {
    await close(fd);
  }
}
