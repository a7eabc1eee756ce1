import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';

/** Sits between one service and the bus, and keeps what the service says. */
export interface BusTap extends AsyncDisposable {
  readonly url: string;
  /** Everything that the service has sent so far. */
  said(): Buffer;
}

/** @param home of the stack, whose bus need not run yet */
export async function tapBus(home: string): Promise<BusTap> {
  const heard: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const bus = connect({ host: '127.0.0.1', port: portOf(home) });
    for (const socket of [client, bus]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => [client, bus].forEach((one) => one.destroy()));
    }
    client.on('data', (chunk: Buffer) => heard.push(Buffer.from(chunk)));
    client.pipe(bus);
    bus.pipe(client);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `nats://127.0.0.1:${address.port}`,
    said: () => Buffer.concat(heard),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

function portOf(home: string): number {
  return Number(/listen: "[^"]*:(\d+)"/.exec(readFileSync(join(home, 'nats', 'nats.conf'), 'utf8'))?.[1]);
}
