import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Bytes that may wait in a socket or a channel before its source is stopped. */
const highWater = 1024 * 1024;

/**
 * Relays what one side sends to the other, no faster than that takes it, and the end of it.
 * @param ended says the end in place of `to.end()`, when everything before it was written
 */
export function relayInput(from: Duplex, to: Duplex, toSocket: Socket, ended?: () => void): void {
  let waiting = 0;
  let stopped = false;
  let over = false;
  const look = () => {
    const full = !toSocket.destroyed && (waiting > highWater || toSocket.writableLength > highWater);
    if (full === stopped) return;
    stopped = full;
    if (full) from.pause();
    else from.resume();
  };
  toSocket.on('drain', look);
  toSocket.on('close', look);
  to.once('close', () => {
    toSocket.off('drain', look);
    toSocket.off('close', look);
  });
  from.on('data', (chunk: Buffer) => {
    if (!to.writable) return;
    waiting += chunk.length;
    // `drain` would not do: a channel with less than its own mark of 2 MiB in it never says so.
    to.write(chunk, () => {
      waiting -= chunk.length;
      look();
      if (over && waiting === 0) ended?.();
    });
    look();
  });
  from.once('end', () => {
    if (ended === undefined) return void to.end();
    over = true;
    if (waiting === 0) ended();
  });
}
