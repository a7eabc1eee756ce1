import { mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { witnessServer, type Say } from './http.ts';
import { openKey } from './own-key.ts';
import { holdDirectory } from './one-process.ts';
import type { Settings } from './settings.ts';
import { State } from './state.ts';
import { Witness } from './witness.ts';

export interface RunningWitness {
  readonly port: number;
  readonly verifierKey: string;
  stop(): Promise<void>;
}

/** Opens key and state, and listens. Throws when another witness is at work on the same state. */
export async function startWitness({ host, port, state, keyFile, name, logs }: Settings, say: Say, now?: () => number): Promise<RunningWitness> {
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const letGo = holdDirectory(state);
  try {
    const witness = new Witness({ name, key: openKey(keyFile, state, name), logs, state: new State(state), ...(now === undefined ? {} : { now }) });
    const server = witnessServer(witness, say);
    await new Promise<void>((done, failed) => server.once('error', failed).listen(port, host, done));
    const bound: AddressInfo | string | null = server.address();
    return {
      port: typeof bound === 'object' && bound !== null ? bound.port : port,
      verifierKey: witness.verifierKey,
      stop: async () => {
        const closed = new Promise<void>((done) => server.close(() => done()));
        server.closeIdleConnections();
        const cut = setTimeout(() => server.closeAllConnections(), 1000);
        await closed;
        clearTimeout(cut);
        letGo();
      },
    };
  } catch (error) {
    letGo();
    throw error;
  }
}
