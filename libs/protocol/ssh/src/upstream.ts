import { connect, type Socket } from 'node:net';
import type { SecretLease, Target } from '@sallyport/domain-model';
import ssh2, { type Client } from 'ssh2';
import { certificateSuffix, readCertificate } from './certificate/certificate.ts';
import { judgeHostCertificate } from './certificate/judge.ts';
import { publicKeyBlob } from './certificate/public-key.ts';
import type { SshSettings } from './settings.ts';
import { ciphers, hostKeyTypes, keyExchanges, macs, openToTerrapin, type Negotiated } from './wire/algorithms.ts';
import { isStrict, newKey, offerCertifiedHostKeys, parsePrivateKey, presentCertificate, trustCertifiedHostKey } from './wire/library.ts';

/** Why there is no connection to the target. The code goes into evidence and to the client; the message is for the log. */
export class UpstreamError extends Error {
  readonly code: 'target-unreachable' | 'target-host-key' | 'target-auth' | 'target-refused' | 'target-credential';

  constructor(code: UpstreamError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A logged in connection to the target. */
export interface Upstream {
  readonly client: Client;
  readonly socket: Socket;
}

export interface DialTerms {
  readonly target: Target;
  readonly settings: SshSettings;
  readonly credential: () => Promise<SecretLease>;
  /** A certificate for one login: base64 of the public key in, base64 of the certificate out. */
  readonly certify: ((login: string, publicKey: string) => Promise<string>) | undefined;
  readonly signal: AbortSignal;
}

/** Dials the target, checks its host key against what is configured, and logs in. @throws UpstreamError */
export async function dialUpstream(terms: DialTerms): Promise<Upstream> {
  const client = new ssh2.Client();
  const login = await loginOf(terms);
  try {
    return await handshake(client, login, terms);
  } finally {
    login.forget();
  }
}

interface LoginWords {
  readonly username: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly prepare: (client: Client) => void;
  readonly forget: () => void;
}

async function loginOf({ settings, credential, certify }: DialTerms): Promise<LoginWords> {
  if (settings.login === 'certificate') {
    if (certify === undefined || settings.user === null) throw new UpstreamError('target-credential', 'there is no authority that certifies logins');
    const key = newKey();
    const username = settings.user;
    const certificate = await certify(username, key.getPublicSSH().toString('base64')).catch((cause: unknown) => {
      throw new UpstreamError('target-credential', `no certificate for this login: ${cause instanceof Error ? cause.message : 'unknown'}`, { cause });
    });
    return { username, config: { authHandler: [{ type: 'publickey', username, key }] }, prepare: (client) => presentCertificate(client, key, Buffer.from(certificate, 'base64')), forget: () => undefined };
  }
  let lease: SecretLease;
  try {
    lease = await credential();
  } catch (cause) {
    throw new UpstreamError('target-credential', 'the credential of the target cannot be had', { cause });
  }
  const { username, secret } = lease.use(({ username, secret }) => ({ username, secret: Buffer.from(secret) }));
  await lease[Symbol.asyncDispose]();
  const forget = () => void secret.fill(0);
  if (settings.login === 'password') return { username, config: { authHandler: [{ type: 'password', username, password: secret.toString('utf8') }] }, prepare: () => undefined, forget };
  try {
    return { username, config: { authHandler: [{ type: 'publickey', username, key: parsePrivateKey(secret) }] }, prepare: () => undefined, forget };
  } catch (cause) {
    forget();
    throw new UpstreamError('target-credential', 'the credential’s password is no private key in a format that can be read (OpenSSH’s, without a passphrase)', { cause });
  }
}

function handshake(client: Client, login: LoginWords, { target, settings, signal }: DialTerms): Promise<Upstream> {
  const socket = connect({ host: target.address.host, port: target.address.port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 });
  return new Promise((resolve, reject) => {
    let reached = false;
    let agreed = false;
    let hostKey = '';
    const over = (error: UpstreamError | null) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      client.off('close', closed);
      if (error === null) return resolve({ client, socket });
      client.end();
      socket.destroy();
      reject(error);
    };
    const aborted = () => over(new UpstreamError('target-unreachable', 'the session ended while the target was dialled'));
    const failed = (cause: Error) => over(whatFailed(cause, reached, agreed, hostKey));
    const closed = () => failed(new Error('the target closed the connection'));
    const timer = setTimeout(() => over(new UpstreamError(reached && agreed ? 'target-auth' : 'target-unreachable', `no login within ${settings.dialTimeoutMs} ms`)), settings.dialTimeoutMs);
    if (signal.aborted) return aborted();
    signal.addEventListener('abort', aborted, { once: true });
    socket.once('connect', () => (reached = true));
    // Later errors belong to whoever has the connection by then; without a listener one would end the process.
    client.on('error', failed);
    client.on('close', closed);
    client.on('handshake', (negotiated: Negotiated) => {
      agreed = true;
      if (openToTerrapin(negotiated, isStrict(client))) over(new UpstreamError('target-refused', 'the target is open to the Terrapin attack (CVE-2023-48795)'));
    });
    client.once('ready', () => over(null));
    client.connect({
      sock: socket, username: login.username, ...login.config, readyTimeout: 0, keepaliveInterval: 15_000, keepaliveCountMax: 4, ident: 'Sallyport',
      algorithms: { kex: [...keyExchanges], cipher: [...ciphers], hmac: [...macs], compress: ['none'], serverHostKey: [...hostKeyTypes] },
      hostVerifier: (shown: Buffer) => {
        hostKey = hostKeyFault(shown, client, target, settings) ?? '';
        return hostKey === '';
      },
    });
    const certified = settings.hostAuthorities.length > 0 ? hostKeyTypes.filter((type) => !type.startsWith('rsa')).map((type) => `${type}${certificateSuffix}`) : [];
    offerCertifiedHostKeys(client, [...certified, ...hostKeyTypes]);
    login.prepare(client);
  });
}

/** Null when the key (or certificate) that the target shows is one that was configured. */
function hostKeyFault(shown: Buffer, client: Client, target: Target, settings: SshSettings): string | null {
  if (settings.hostKeys.some((known) => known.equals(shown))) return null;
  try {
    const certificate = readCertificate(shown);
    const fault = judgeHostCertificate(certificate, { authorities: settings.hostAuthorities, now: Date.now(), principal: settings.hostName ?? target.address.host });
    if (fault !== null) return `the target’s host certificate is not taken: ${fault}`;
    trustCertifiedHostKey(client, certificate.keyType, publicKeyBlob(certificate.key));
    return null;
  } catch {
    return 'the target shows a host key that is not configured';
  }
}

function whatFailed(cause: Error, reached: boolean, agreed: boolean, hostKey: string): UpstreamError {
  if (!reached) return new UpstreamError('target-unreachable', 'the target cannot be reached', { cause });
  if (hostKey !== '') return new UpstreamError('target-host-key', hostKey, { cause });
  if (!agreed) return new UpstreamError('target-refused', 'no key exchange with the target: its algorithms are not taken, or it refused', { cause });
  return new UpstreamError('target-auth', 'the target did not accept the login', { cause });
}
