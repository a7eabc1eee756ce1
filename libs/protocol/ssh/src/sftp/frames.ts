import { maxMessage } from './wire.ts';

export class SftpFrameError extends Error {
  readonly code = 'ERR_SFTP_FRAME';
}

/** Finds messages (`u32 length`, body) in a stream in any pieces. A message is a buffer of its own. */
export class SftpFrames {
  #parts: Buffer[] = [];
  #have = 0;

  /** @throws SftpFrameError for an announced length that no message may have; it costs no memory */
  push(chunk: Buffer, on: (frame: Buffer) => void): void {
    this.#parts.push(chunk);
    this.#have += chunk.length;
    while (this.#have >= 4) {
      if ((this.#parts[0]?.length ?? 0) < 4) this.#join();
      const length = this.#parts[0]?.readUInt32BE(0) ?? 0;
      if (length < 1 || length > maxMessage) throw new SftpFrameError('a message of SFTP has a length that none may have');
      if (this.#have < 4 + length) return;
      this.#join();
      const [all] = this.#parts;
      if (all === undefined) return;
      this.#parts = all.length > 4 + length ? [all.subarray(4 + length)] : [];
      this.#have -= 4 + length;
      on(all.subarray(0, 4 + length));
    }
  }

  #join(): void {
    if (this.#parts.length > 1) this.#parts = [Buffer.concat(this.#parts)];
  }
}
