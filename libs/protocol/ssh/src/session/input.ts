import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Bytes that may wait in a socket or a channel before its source is stopped. */
const highWater = 1024 * 1024;

/** Relays what one side sends to the other, no faster than that takes it, and the end of it. */
export function relayInput(from: Duplex, to: Duplex, toSocket: Socket): void {
  const isFull = () => !toSocket.destroyed && (toSocket.writableLength > highWater || to.writableLength > highWater);
  const look = () => {
    if (isFull()) return;
    toSocket.off('drain', look);
    toSocket.off('close', look);
    to.off('drain', look);
    from.resume();
  };
  from.on('data', (chunk: Buffer) => {
    if (to.writable) to.write(chunk);
    if (!isFull()) return;
    from.pause();
    toSocket.on('drain', look);
    toSocket.on('close', look);
    to.on('drain', look);
  });
  from.once('end', () => to.end());
}
