import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Child, untilListening } from './child.ts';
import { freePort } from './free-port.ts';
import { keptDir, tempDir } from './temp-dir.ts';

export interface NatsProcess extends AsyncDisposable {
  readonly port: number;
  stop(): Promise<void>;
  kill9(): Promise<void>;
  /** On the same port with the same files, after `stop` or `kill9`. */
  restart(): Promise<void>;
}

/** The real nats-server of PATH. `config` makes its configuration, `directory` keeps its files (default: a temporary one, gone in the end). */
export async function serveNats(options: { readonly config: (port: number, storeDir: string) => string; readonly directory?: string }): Promise<NatsProcess> {
  const directory = options.directory === undefined ? await tempDir('sallyport-nats') : await keptDir(options.directory);
  const port = await freePort();
  const file = join(directory.path, 'nats.conf');
  await writeFile(file, options.config(port, join(directory.path, 'store')), { mode: 0o600 });
  const launch = async () => {
    const child = new Child('nats-server', ['-c', file]);
    await untilListening(child, port);
    return child;
  };
  let child = await launch();
  return {
    port,
    stop: () => child.stop(),
    kill9: () => child.kill9(),
    restart: async () => {
      await child.stop();
      child = await launch();
    },
    [Symbol.asyncDispose]: async () => {
      await child.stop();
      await directory[Symbol.asyncDispose]();
    },
  };
}
