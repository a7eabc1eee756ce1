import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Everything that comes back for these bytes on a plain connection, until the other side closes or `waitMs` have passed without a byte. */
export async function sendPlain(port: number, bytes: Buffer, waitMs = 8_000): Promise<{ readonly got: Buffer; readonly closed: boolean }> {
  const socket = connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  socket.write(bytes);
  return gather(socket, waitMs);
}

export async function gather(socket: Socket, waitMs = 8_000): Promise<{ readonly got: Buffer; readonly closed: boolean }> {
  const parts: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => parts.push(chunk)).on('error', () => undefined);
  const closed = await new Promise<boolean>((resolve) => {
    socket.once('close', () => resolve(true)).once('end', () => resolve(true));
    socket.setTimeout(waitMs, () => resolve(false));
  });
  socket.destroy();
  return { got: Buffer.concat(parts), closed };
}
