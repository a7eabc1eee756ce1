import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket, type ConnectionOptions } from 'node:tls';
import type { Credential, SecretLease, Target } from '@sallyport/domain-model';
import { ConnectionClosedError, HandshakeReader } from '@sallyport/protocol-relay';
import { serverEndPoint } from './end-point.ts';
import {
  MalformedMessageError, readAuthentication, readBackendKeyData, readErrorFields, readParameterStatus, readReadyForQuery, sslRequest, writeCancelRequest,
  writePassword, writeSaslInitialResponse, writeSaslResponse, writeStartup, type Authentication,
} from './messages/index.ts';
import { ScramError } from './scram-error.ts';
import { ScramExchange, type ChannelBinding } from './scram.ts';
import { UpstreamError } from './upstream-error.ts';

export { UpstreamError, type UpstreamErrorCode } from './upstream-error.ts';

export interface DialRequest {
  readonly target: Pick<Target, 'address' | 'tls'>;
  readonly database: string;
  /** Settings in the server's spelling, already checked. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Called once, after the target is known to be the right one; disposed when the login is over. */
  credential(signal: AbortSignal): Promise<SecretLease>;
  readonly signal: AbortSignal;
  /** Milliseconds for all of it. */
  readonly timeoutMs: number;
}

/** A server connection that is logged in, idle and speaks protocol 3.0. */
export interface Upstream {
  /** Nothing reads it. An error is followed by `close`; somebody listens for errors already. */
  readonly socket: Socket;
  /** Bytes that came behind ReadyForQuery. */
  readonly rest: Buffer;
  /** The last ParameterStatus of each name. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Body of the target's BackendKeyData; null when it sent none. Stays here: clients get keys of our own. */
  readonly key: Buffer | null;
  /** Asks the target over a second connection to cancel what runs. Like libpq's, it cannot tell whether it worked; never rejects. */
  cancel(): Promise<void>;
}

/**
 * Pinned in the StartupMessage, over whatever the client wants: how statements are read (`standard_conforming_strings`) and in which encoding
 * must be what our parser and masks assume.
 */
const pinned: Readonly<Record<string, string>> = { client_encoding: 'UTF8', standard_conforming_strings: 'on' };
const maxLoginFrame = 64 * 1024;
const maxLoginMessages = 1000;
const cancelTimeoutMs = 5000;

/**
 * Connects to a target and logs in (docs "Message Flow: Start-up"): TLS first, then trust, cleartext, md5, SCRAM-SHA-256 or SCRAM-SHA-256-PLUS. Without
 * TLS (`tls.mode` off) only to this machine: loopback, or a socket folder (a host that begins with `/`).
 * @throws UpstreamError
 */
export async function dialUpstream(request: DialRequest): Promise<Upstream> {
  // Not AbortSignal.timeout: that would still fire, and end a session, long after the login.
  const dial = new AbortController();
  const timer = setTimeout(() => dial.abort('late'), request.timeoutMs);
  const giveUp = () => dial.abort('given up');
  request.signal.addEventListener('abort', giveUp, { once: true });
  if (request.signal.aborted) giveUp();
  let socket: Socket | null = null;
  try {
    socket = await secureConnection(request.target, dial.signal);
    return await login(socket, request, dial.signal);
  } catch (error) {
    socket?.destroy();
    if (dial.signal.reason === 'late') throw new UpstreamError('target-unreachable', `the target did not answer within ${request.timeoutMs} ms`);
    if (dial.signal.aborted) throw new UpstreamError('target-unreachable', 'the dial was given up: the session is ending');
    throw asUpstreamError(error);
  } finally {
    clearTimeout(timer);
    request.signal.removeEventListener('abort', giveUp);
  }
}

function asUpstreamError(error: unknown): unknown {
  if (error instanceof ScramError) return new UpstreamError('target-auth', error.message);
  if (error instanceof MalformedMessageError) return new UpstreamError('target-refused', `the target broke the protocol: ${error.message}`);
  if (error instanceof ConnectionClosedError) return new UpstreamError('target-refused', 'the target closed the connection during the login', { cause: error });
  return error;
}

/** A connection to the target, encrypted and verified as its configuration says. */
async function secureConnection(target: DialRequest['target'], signal: AbortSignal): Promise<Socket> {
  const { mode } = target.tls;
  const { host } = target.address;
  if (mode === 'off' && !isLocal(host)) throw new UpstreamError('target-tls', 'TLS may be off for loopback addresses only');
  const socket = await reach(target.address, signal);
  if (mode !== 'off') return encrypt(socket, target, signal);
  if (!host.startsWith('/') && !isLocal(socket.remoteAddress ?? '')) {
    socket.destroy();
    throw new UpstreamError('target-tls', 'TLS is off and the target’s name leads to another machine');
  }
  return socket;
}

function reach(address: Target['address'], signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new UpstreamError('target-unreachable', 'the dial was given up'));
    const { host, port } = address;
    const socket = host.startsWith('/') ? connectTcp({ path: `${host}/.s.PGSQL.${port}` }) : connectTcp({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 });
    destroyOn(signal, socket);
    let failed: Error | undefined;
    socket.on('error', (error) => (failed ??= error));
    socket.once('close', () => reject(new UpstreamError('target-unreachable', 'the target cannot be reached', { cause: failed })));
    socket.once('connect', () => resolve(socket));
  });
}

/** SSLRequest, then TLS (docs "SSL Session Encryption"). */
async function encrypt(socket: Socket, target: DialRequest['target'], signal: AbortSignal): Promise<TLSSocket> {
  const reader = new HandshakeReader(socket);
  socket.write(sslRequest);
  const answer = await reader.take(1).catch((cause: unknown) => Promise.reject(new UpstreamError('target-unreachable', 'the target closed the connection before TLS', { cause })));
  if (answer[0] !== 0x53) throw refusedTls(socket, 'the target does not offer TLS');
  if (reader.waiting > 0) throw refusedTls(socket, 'the target sent unencrypted data behind its answer to the TLS request');
  reader.detach();
  const options = await tlsOptions(target);
  return new Promise((resolve, reject) => {
    const secure = connectTls({ ...options, socket });
    destroyOn(signal, secure);
    let failed: Error | undefined;
    secure.on('error', (error) => (failed ??= error));
    secure.once('close', () => reject(new UpstreamError('target-tls', 'the TLS handshake with the target failed, or its certificate did not verify', { cause: failed })));
    secure.once('secureConnect', () => resolve(secure));
  });
}

function refusedTls(socket: Socket, say: string): UpstreamError {
  socket.destroy();
  return new UpstreamError('target-tls', say);
}

async function tlsOptions(target: DialRequest['target']): Promise<ConnectionOptions> {
  const { mode, ca, serverName } = target.tls;
  const name = serverName ?? target.address.host;
  return {
    host: name,
    ...(isIP(name) === 0 && { servername: name }),
    ...(ca !== null && { ca: await authority(ca) }),
    ...(mode === 'verify-ca' && { checkServerIdentity: () => undefined }),
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['postgresql'],
  };
}

/** PEM text, or the absolute path of a PEM file. */
async function authority(ca: string): Promise<string> {
  if (!ca.startsWith('/')) return ca;
  try {
    return await readFile(ca, 'utf8');
  } catch (cause) {
    throw new UpstreamError('target-tls', 'the certificate authority’s file of the target cannot be read', { cause });
  }
}

async function login(socket: Socket, request: DialRequest, signal: AbortSignal): Promise<Upstream> {
  await using lease = await leased(request, signal);
  const reader = new HandshakeReader(socket);
  const username = lease.use((credential) => checked(credential));
  socket.write(writeStartup(0, Object.entries({ user: username, database: request.database, ...request.parameters, ...pinned })));
  await authenticate(reader, socket, lease, username);
  const { parameters, key } = await settle(reader);
  const rest = reader.detach();
  return { socket, rest, parameters, key, cancel: () => (key === null ? Promise.resolve() : cancel(request.target, key)) };
}

async function leased(request: DialRequest, signal: AbortSignal): Promise<SecretLease> {
  try {
    return await request.credential(signal);
  } catch (cause) {
    throw new UpstreamError('target-auth', 'the credential of the target could not be leased', { cause });
  }
}

function checked(credential: Credential): string {
  if (credential.username === '' || credential.username.includes('\0') || credential.secret.includes(0)) {
    throw new UpstreamError('target-auth', 'the leased credential has no user name, or a NUL in it');
  }
  return credential.username;
}

/** Answers what the server asks for until it says AuthenticationOk. */
async function authenticate(reader: HandshakeReader, socket: Socket, lease: SecretLease, username: string): Promise<void> {
  let scram: ScramExchange | null = null;
  let proven = false;
  for (let step = 0; step < maxLoginMessages; step++) {
    const { type, body } = await readMessage(reader);
    if (type !== 'R') {
      if (type === 'N' || type === 'v') continue;
      throw unexpected(type);
    }
    const asked: Authentication = readAuthentication(body, 0, body.length);
    switch (asked.kind) {
      case 'ok':
        // A server that began SCRAM must finish it: else anybody could play it.
        if (scram !== null && !proven) throw new ScramError('the target ended SCRAM before it proved that it knows the password');
        return;
      case 'cleartext':
        lease.use(({ secret }) => send(socket, writePassword(secret)));
        continue;
      case 'md5':
        lease.use(({ secret }) => send(socket, writePassword(md5Answer(secret, username, asked.salt))));
        continue;
      case 'sasl':
        scram = new ScramExchange(chooseBinding(socket, asked.mechanisms));
        socket.write(writeSaslInitialResponse(scram.mechanism, scram.first()));
        continue;
      case 'sasl-continue': {
        if (scram === null) throw unexpected('R');
        const exchange = scram;
        send(socket, writeSaslResponse(await lease.use(({ secret }) => exchange.final(asked.data, secret))));
        continue;
      }
      case 'sasl-final':
        if (scram === null) throw unexpected('R');
        scram.verify(asked.data);
        proven = true;
        continue;
      case 'unsupported':
        throw new UpstreamError('target-auth', `the target asks for authentication method ${asked.number}, which is not supported (password, md5 and SCRAM-SHA-256 are)`);
    }
  }
  throw new UpstreamError('target-refused', 'the target’s login has no end');
}

/** The client must use what the server offers at best: -PLUS whenever both sides can, so that a man in the middle cannot take it away. */
function chooseBinding(socket: Socket, offered: readonly string[]): ChannelBinding {
  const plain = offered.includes('SCRAM-SHA-256');
  const plus = offered.includes('SCRAM-SHA-256-PLUS');
  const data = socket instanceof TLSSocket ? serverEndPoint(socket.getPeerCertificate().raw) : null;
  if (plus && data !== null) return { kind: 'tls-server-end-point', data };
  if (plain) return { kind: data === null ? 'n' : 'y' };
  throw new UpstreamError('target-auth', 'the target offers no SASL mechanism that is supported (SCRAM-SHA-256 is)');
}

/** Collects what follows AuthenticationOk until the server is ready. */
async function settle(reader: HandshakeReader): Promise<{ parameters: Map<string, string>; key: Buffer | null }> {
  const parameters = new Map<string, string>();
  let key: Buffer | null = null;
  for (let step = 0; step < maxLoginMessages; step++) {
    const { type, body } = await readMessage(reader);
    switch (type) {
      case 'S': {
        const { name, value } = readParameterStatus(body, 0, body.length);
        parameters.set(name, value);
        continue;
      }
      case 'K':
        key = readBackendKeyData(body, 0, body.length);
        continue;
      case 'N':
        continue;
      case 'Z':
        readReadyForQuery(body, 0, body.length);
        checkPinned(parameters);
        return { parameters, key };
      default:
        throw unexpected(type);
    }
  }
  throw new UpstreamError('target-refused', 'the target’s login has no end');
}

/** A pooler in between may ignore what was asked for. */
function checkPinned(parameters: ReadonlyMap<string, string>): void {
  for (const [name, value] of Object.entries(pinned)) {
    if (parameters.get(name) !== value) throw new UpstreamError('target-refused', `the target did not take the setting ${name}=${value}`);
  }
}

/** The next message of the login; an ErrorResponse is thrown. */
async function readMessage(reader: HandshakeReader): Promise<{ type: string; body: Buffer }> {
  const head = await reader.take(5);
  const type = String.fromCharCode(head[0] ?? 0);
  const length = head.readUInt32BE(1);
  if (length < 4 || length > maxLoginFrame) throw new MalformedMessageError('a login message has an impossible length');
  const body = await reader.take(length - 4);
  if (type === 'E') throw said(readErrorFields(body, 0, body.length).get('C') ?? 'XX000');
  return { type, body };
}

/** The target's own words are not passed on: they name our user, its host rules, and whatever a hostile target likes. */
function said(sent: string): UpstreamError {
  const sqlstate = /^[0-9A-Z]{5}$/.test(sent) ? sent : 'XX000';
  if (sqlstate.startsWith('28')) return new UpstreamError('target-auth', `the target did not accept the credential (SQLSTATE ${sqlstate})`, { sqlstate });
  const known: Readonly<Record<string, string>> = {
    '3D000': 'the target has no database of this name',
    '53300': 'the target has too many connections',
    '57P03': 'the target is starting up or shutting down',
    '42501': 'the target does not let the credential’s user connect',
  };
  return new UpstreamError('target-refused', `${known[sqlstate] ?? 'the target refused the login'} (SQLSTATE ${sqlstate})`, { sqlstate });
}

function unexpected(type: string): UpstreamError {
  return new UpstreamError('target-refused', `the target broke the protocol: message ${JSON.stringify(type)} during the login`);
}

/** Writes a message that holds a secret and overwrites it as soon as the socket has let go of it. */
function send(socket: Socket, message: Buffer): void {
  socket.write(message, () => message.fill(0));
}

/** `md5` + md5(md5(password + user) + salt), in hex (docs "Start-up": AuthenticationMD5Password). */
function md5Answer(secret: Uint8Array, username: string, salt: Buffer): Buffer {
  const inner = createHash('md5').update(secret).update(username, 'utf8').digest('hex');
  return Buffer.from(`md5${createHash('md5').update(inner).update(salt).digest('hex')}`);
}

async function cancel(target: DialRequest['target'], key: Buffer): Promise<void> {
  try {
    const socket = await secureConnection(target, AbortSignal.timeout(cancelTimeoutMs));
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.resume();
      socket.end(writeCancelRequest(key));
    });
  } catch {
    // Safe: the command goes on as if nobody had asked, which is what a cancel request may always lead to.
  }
}

function isLocal(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.')) || /^::ffff:127\./i.test(host);
}

function destroyOn(signal: AbortSignal, socket: Socket): void {
  const destroy = () => socket.destroy();
  signal.addEventListener('abort', destroy, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', destroy));
}
