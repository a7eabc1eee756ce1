import type { Socket } from 'node:net';

/**
 * Sends `bytes` and closes the connection. What the peer still sends meanwhile is read and thrown away: closing with unread bytes
 * would make the kernel reset the connection and the peer lose our words. Bounded by `patienceMs`; then it is destroyed.
 * Resolves when the socket is closed; never rejects.
 */
export function lastWords(socket: Socket, bytes: Uint8Array, patienceMs = 1000): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve();
    const timer = setTimeout(() => socket.destroy(), patienceMs);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.once('end', () => socket.destroySoon());
    socket.on('data', () => undefined);
    socket.resume();
    socket.end(bytes);
  });
}
