import { once } from 'node:events';
import { Command } from 'commander';
import { formatVerifierKey, isKeyName, parseVerifierKey, signingKeyFromPem, NoteError } from '@sallyport/engine-evidence';
import { ownKey } from '@sallyport/platform-secrets';
import { does } from '../context.ts';
import { Failure } from '../failure.ts';
import { KeyKeeper } from '../log-signer/keeper.ts';
import { serve } from '../log-signer/serve.ts';

export const logCommand = (): Command => new Command('log').description('keep the key of the log').addCommand(signer());

const signer = () =>
  does(
    new Command('signer')
      .description('hold the log’s key in a process of its own, under a user of its own, and sign for the evidence service (SALLYPORT_LOG_SIGNER=unix:SOCKET)')
      .requiredOption('--name <log>', 'the log’s name, as SALLYPORT_LOG_ORIGIN has it')
      .requiredOption('--key <file>', 'PEM file with the Ed25519 key, mode 600; made where there is none')
      .requiredOption('--socket <path>', 'where to listen')
      .option('--state <file>', 'what was signed last; belongs to the key (default: the key file with .signed)')
      .option('--mode <octal>', 'rights of the socket: who may connect may have checkpoints signed', '660')
      .option('--next <vkey>', 'the key that may follow this one'),
    async ({ out }, _args, options) => {
      const [name, key, socket] = [String(options['name']), String(options['key']), String(options['socket'])];
      const state = typeof options['state'] === 'string' ? options['state'] : `${key}.signed`;
      if (!isKeyName(name)) throw new Failure('usage', '--name is not the name of a log', 'it looks like log.bank.example/prod');
      const mode = modeOf(String(options['mode']));
      const keeper = new KeyKeeper({ log: name, key: signingKeyFromPem(read(key)), state, next: typeof options['next'] === 'string' ? nextOf(options['next'], name) : null });
      const say = (line: string) => void process.stderr.write(`${new Date().toISOString()} ${line}\n`);
      const server = await serve(keeper, socket, mode, say);
      out.show({ key: keeper.vkey, socket }, () => `signing for ${name} at ${socket}\n${keeper.vkey}`);
      const ended = new AbortController();
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => ended.abort());
      await once(ended.signal, 'abort');
      server.close();
    },
  );

function read(path: string): string {
  try {
    return ownKey(path, 'make');
  } catch (error) {
    throw new Failure('usage', error instanceof Error ? error.message : `cannot read ${path}`);
  }
}

function modeOf(text: string): number {
  if (!/^[0-7]{3}$/.test(text)) throw new Failure('usage', '--mode is three octal digits, like 660');
  return Number.parseInt(text, 8);
}

function nextOf(text: string, log: string): string {
  try {
    const key = parseVerifierKey(text);
    if (key.name === log) return formatVerifierKey(key);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
  }
  throw new Failure('usage', '--next is not a vkey of this log');
}
