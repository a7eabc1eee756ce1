import { createConnection } from 'node:net';
import { NoteError, noteType, parseVerifierKey } from '@sallyport/engine-evidence';
import type { Signer } from './signer.ts';

/** Signing is quick; a KMS behind it takes a little more. Milliseconds. */
const patienceMs = 5_000;
/** Longer answers are none. */
const longest = 4096;

/** A signer did not sign: it is not there, or it has its reasons. */
export class SignerError extends Error {
  override readonly name = 'SignerError';
  readonly code: 'ERR_SIGNER_AWAY' | 'ERR_SIGNER_REFUSED' | 'ERR_SIGNER_ANSWER';

  constructor(code: SignerError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * A signer at a Unix socket: the log's key is in its process, under its own user, and never here. The protocol is in README.md. Throws SignerError where nobody answers, or the key is of another log.
 */
export async function unixSigner(path: string, log: string): Promise<Signer> {
  const vkey = await ask(path, 'key');
  const publicKey = keyOf(vkey, log);
  if (publicKey === null) throw new SignerError('ERR_SIGNER_ANSWER', `the signer at ${path} has no key of the log ${log}`);
  return {
    publicKey,
    async sign(message) {
      const signature = Buffer.from(await ask(path, `sign ${Buffer.from(message).toString('base64')}`), 'base64');
      if (signature.length !== 64) throw new SignerError('ERR_SIGNER_ANSWER', `the signer at ${path} gave no signature`);
      return new Uint8Array(signature);
    },
  };
}

function keyOf(vkey: string, log: string): Uint8Array | null {
  try {
    const { name, type, publicKey } = parseVerifierKey(vkey);
    return name === log && type === noteType ? publicKey : null;
  } catch (error) {
    if (error instanceof NoteError) return null;
    throw error;
  }
}

/** One line there, one line back. @returns what stands behind `ok ` */
function ask(path: string, request: string): Promise<string> {
  return new Promise((done, failed) => {
    const socket = createConnection(path);
    let answer = '';
    const away = (cause?: unknown) => failed(new SignerError('ERR_SIGNER_AWAY', `the signer at ${path} does not answer`, { cause }));
    socket.setEncoding('utf8').setTimeout(patienceMs, () => socket.destroy(new Error('it took too long')));
    socket.on('error', away).on('close', () => away());
    socket.on('connect', () => socket.write(`${request}\n`));
    socket.on('data', (text: string) => {
      answer += text;
      const end = answer.indexOf('\n');
      if (end === -1 && answer.length < longest) return;
      socket.destroy();
      const line = answer.slice(0, Math.max(0, end));
      if (line.startsWith('ok ')) done(line.slice(3));
      else if (line.startsWith('no ')) failed(new SignerError('ERR_SIGNER_REFUSED', `the signer refuses: ${line.slice(3).replaceAll(/[^\x20-\x7e]/g, '?')}`));
      else failed(new SignerError('ERR_SIGNER_ANSWER', `the signer at ${path} answers in another way than it should`));
    });
  });
}
