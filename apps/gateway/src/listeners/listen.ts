import { createServer, type Server, type Socket } from 'node:net';

/** Where a door listens. Resolves when it does; rejects when the address cannot be had. */
export function listen(address: string, maxConnections: number, on: (socket: Socket) => void): Promise<Server> {
  const colon = address.lastIndexOf(':');
  const server = createServer({ pauseOnConnect: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 }, on);
  server.maxConnections = maxConnections;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)), backlog: 1024 }, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}
