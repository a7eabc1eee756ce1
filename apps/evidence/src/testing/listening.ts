import type { Server } from 'node:http';

/** Has it listen at a free port of 127.0.0.1. @returns its URL without a slash at the end */
export async function listening(server: Server): Promise<string> {
  await new Promise<void>((done, failed) => server.once('error', failed).listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}
