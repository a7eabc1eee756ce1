import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls';
import { Sealed } from '@sallyport/domain-model';
import type { Greeting, GreetTerms } from '@sallyport/protocol-spi';
import { ConnectionClosedError, HandshakeReader, lastWords } from '@sallyport/protocol-relay';
import { greetingFrame } from './frame.ts';
import {
  cancelRequestCode, gssEncRequestCode, MalformedMessageError, readCancelRequest, readPassword, readStartup, sslRequestCode, tlsHandshakeByte,
  writeAuthenticationCleartext, writeNegotiateProtocolVersion,
} from './messages/index.ts';
import { greetingError } from './refuse.ts';
import { checkStartupParameters } from './startup-parameters.ts';

/** What a client of PostgreSQL has claimed. It waits for AuthenticationOk or a FATAL. */
export interface PostgresGreeting extends Greeting {
  /** The encrypted connection. Errors on it are followed by `close`; somebody listens for them already. */
  readonly socket: Socket;
  readonly protocol: '3.0' | '3.2';
  /** The database asked for; the target's name when the client named none. */
  readonly database: string;
  /** Settings to be made at the target: names in its spelling, all of the accepted list. client_encoding is not among them: it is UTF8. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Bytes that came behind the password. */
  readonly rest: Buffer;
}

const alpn = 'postgresql';
const userName = /^(?:([A-Za-z0-9_.-]{1,63})@)?([A-Za-z0-9_.-]{1,63})$/;

/**
 * PostgreSQL's start of a connection (docs "Message Flow: Start-up", "SSL Session Encryption", "Canceling Requests in Progress") up to the
 * password, which is the token. Nothing is asked for, and no user name is read, before TLS. Answers null when the connection is
 * over: cancelled, refused with a FATAL, closed, or cut off after `terms.timeoutMs`. Rejects only for our own faults, with the connection closed.
 */
export async function greet(client: Socket, terms: GreetTerms): Promise<PostgresGreeting | null> {
  const entrance: Entrance = { socket: client };
  client.on('error', ignore);
  const late = setTimeout(() => void dismiss(entrance, greetingError('57014', 'the greeting was not finished in time', 'send user name and token right after connecting')), terms.timeoutMs);
  const stop = () => void dismiss(entrance, greetingError('57P01', 'the gateway is stopping', 'connect again'));
  terms.signal.addEventListener('abort', stop, { once: true });
  try {
    if (terms.signal.aborted) throw new Dismissal('57P01', 'the gateway is stopping', 'connect again');
    return await enter(entrance, terms);
  } catch (error) {
    if (error instanceof Dismissal) await dismiss(entrance, error.bytes);
    else if (error instanceof MalformedMessageError) await dismiss(entrance, greetingError('08P01', error.message, 'this is the PostgreSQL port of a gateway'));
    else if (error instanceof ConnectionClosedError) await dismiss(entrance, null);
    else {
      await dismiss(entrance, greetingError('XX000', 'the gateway failed on this connection', 'ask the operator of the gateway'));
      throw error;
    }
    return null;
  } finally {
    clearTimeout(late);
    terms.signal.removeEventListener('abort', stop);
  }
}

/** The connection as far as it got: plain at first, then encrypted. */
interface Entrance {
  socket: Socket;
  /** Who reads it at this step; lets go before the last words. */
  reader?: HandshakeReader;
  gone?: Promise<void>;
}

/** Ends the greeting with a FATAL. */
class Dismissal extends Error {
  readonly bytes: Buffer;

  constructor(sqlstate: string, say: string, hint: string) {
    super(say);
    this.name = 'Dismissal';
    this.bytes = greetingError(sqlstate, say, hint);
  }
}

async function enter(entrance: Entrance, terms: GreetTerms): Promise<PostgresGreeting | null> {
  const plain = (entrance.reader = new HandshakeReader(entrance.socket));
  const encryption = await askForEncryption(plain, entrance.socket, terms);
  if (encryption === 'cancelled') return over(entrance);
  await encrypt(plain, entrance, encryption, terms);
  const reader = (entrance.reader = new HandshakeReader(entrance.socket));
  const packet = await readPacket(reader);
  if (packet.readInt32BE(4) === cancelRequestCode) {
    terms.cancel(readCancelRequest(packet));
    return over(entrance);
  }
  const wish = readWish(packet);
  if (wish.negotiate !== null) entrance.socket.write(wish.negotiate);
  entrance.socket.write(writeAuthenticationCleartext());
  const token = await readToken(reader);
  if (entrance.gone !== undefined) throw new ConnectionClosedError();
  const rest = reader.detach();
  const { role, target, database, protocol, parameters, client } = wish;
  return { socket: entrance.socket, role, target, token, client, protocol, database, parameters, rest };
}

/** The plain part: at most one GSSENCRequest (refused) and one SSLRequest, or TLS at once. */
async function askForEncryption(reader: HandshakeReader, socket: Socket, terms: GreetTerms): Promise<'after-request' | 'direct' | 'cancelled'> {
  const first = await reader.peek(1);
  if (first[0] === tlsHandshakeByte) return 'direct';
  for (let round = 0; round < 2; round++) {
    const packet = await readPacket(reader);
    const code = packet.readInt32BE(4);
    switch (code) {
      case sslRequestCode:
      case gssEncRequestCode:
        // What lies behind would be read as if it had been encrypted (the class of CVE-2021-23214).
        if (packet.length !== 8 || reader.waiting > 0) throw new Dismissal('08P01', 'unencrypted data came behind the encryption request', 'the connection may be tampered with');
        if (code === sslRequestCode) return 'after-request';
        if (round > 0) throw new Dismissal('08P01', 'GSS encryption was asked for twice', 'use TLS');
        socket.write('N');
        continue;
      case cancelRequestCode:
        terms.cancel(readCancelRequest(packet));
        return 'cancelled';
      default:
        if (code >>> 16 === 2 || code >>> 16 === 3) throw new Dismissal('28000', 'TLS is required', 'connect with sslmode=verify-full (or at least sslmode=require)');
        throw notPostgres();
    }
  }
  throw new Dismissal('28000', 'TLS is required', 'connect with sslmode=verify-full (or at least sslmode=require)');
}

async function encrypt(reader: HandshakeReader, entrance: Entrance, how: 'after-request' | 'direct', terms: GreetTerms): Promise<void> {
  const socket = entrance.socket;
  const rest = reader.detach();
  if (how === 'direct') socket.unshift(rest);
  else socket.write('S');
  const secure = new TLSSocket(socket, { isServer: true, secureContext: contextOf(terms.tls), ALPNProtocols: [alpn] });
  secure.on('error', ignore);
  entrance.socket = secure;
  secure.disableRenegotiation();
  await new Promise<void>((resolve, reject) => {
    const closed = () => reject(new ConnectionClosedError());
    secure.once('secure', () => {
      secure.off('close', closed);
      resolve();
    });
    secure.once('close', closed);
    socket.once('close', closed);
  });
  if (how === 'direct' && secure.alpnProtocol !== alpn) {
    throw new Dismissal('08P01', 'TLS without SSLRequest needs ALPN', `offer the protocol "${alpn}"`);
  }
}

/** One untyped packet: Int32 length, then so much. */
async function readPacket(reader: HandshakeReader): Promise<Buffer> {
  const length = (await reader.peek(4)).readUInt32BE(0);
  if (length < 8 || length > greetingFrame) throw notPostgres();
  return reader.take(length);
}

interface Wish {
  readonly role: string | null;
  readonly target: string;
  readonly client: string | null;
  readonly database: string;
  readonly protocol: '3.0' | '3.2';
  readonly parameters: Readonly<Record<string, string>>;
  readonly negotiate: Buffer | null;
}

function readWish(packet: Buffer): Wish {
  const code = packet.readInt32BE(4);
  if (code === sslRequestCode || code === gssEncRequestCode) throw new Dismissal('08P01', 'encryption was asked for inside TLS', 'connect once more');
  const startup = readStartupOf(packet);
  const wish = checkStartupParameters(startup.parameters);
  if ('say' in wish) throw new Dismissal(wish.sqlstate, wish.say, wish.hint);
  const name = userName.exec(wish.user);
  const target = name?.[2];
  if (target === undefined) throw new Dismissal('28000', 'the user name is not of the form [role@]target', 'letters, digits, dots, dashes and underscores, at most 63 each');
  // 3.1 was never released and has nothing over 3.0; from 3.2 on, 3.2 is what we speak.
  const minor = startup.minor >= 2 ? 2 : 0;
  const negotiate = startup.minor === minor && startup.protocolOptions.length === 0 ? null : writeNegotiateProtocolVersion(minor, startup.protocolOptions);
  return {
    role: name?.[1] ?? null,
    target,
    client: wish.parameters.get('application_name')?.slice(0, 256) ?? null,
    database: wish.database ?? target,
    protocol: minor === 2 ? '3.2' : '3.0',
    parameters: Object.fromEntries(wish.parameters),
    negotiate,
  };
}

function readStartupOf(packet: Buffer): ReturnType<typeof readStartup> {
  const major = packet.readUInt16BE(4);
  if (major !== 3) throw new Dismissal('0A000', 'this protocol version is not supported', 'the gateway speaks PostgreSQL protocol 3.0 and 3.2');
  return readStartup(packet);
}

async function readToken(reader: HandshakeReader): Promise<Sealed<string>> {
  const head = await reader.take(5);
  const length = head.readUInt32BE(1);
  if (head[0] !== 0x70) throw new Dismissal('08P01', 'a password message was expected', 'send the token as the password');
  if (length < 5 || length + 1 > greetingFrame) throw new Dismissal('28P01', 'the password is larger than a token can be', `at most ${greetingFrame - 6} bytes`);
  const body = await reader.take(length - 4);
  const token = readPassword(body, 0, body.length);
  body.fill(0);
  if (token === '') throw new Dismissal('28P01', 'the password is empty', 'the password is the token of the machine');
  return new Sealed(token);
}

function notPostgres(): Dismissal {
  return new Dismissal('08P01', 'this is not the PostgreSQL protocol', 'this is the PostgreSQL port of a gateway');
}

/** Closes in order and without a word, as the server does after a cancel request. */
async function over(entrance: Entrance): Promise<null> {
  await dismiss(entrance, Buffer.alloc(0));
  return null;
}

/** Closes the connection, with last words while nothing else was said. Once. */
function dismiss(entrance: Entrance, bytes: Buffer | null): Promise<void> {
  entrance.gone ??= farewell(entrance, bytes);
  return entrance.gone;
}

async function farewell(entrance: Entrance, bytes: Buffer | null): Promise<void> {
  entrance.reader?.detach();
  if (bytes === null) entrance.socket.destroy();
  else await lastWords(entrance.socket, bytes);
}

const contexts = new WeakMap<object, SecureContext>();

/** Making a context costs milliseconds; one listener has one. */
function contextOf(tls: GreetTerms['tls']): SecureContext {
  let context = contexts.get(tls);
  if (context === undefined) {
    context = createSecureContext({ cert: tls.cert, key: tls.key, minVersion: 'TLSv1.2', sessionIdContext: 'sallyport-postgres' });
    contexts.set(tls, context);
  }
  return context;
}

function ignore(): void {
  // A broken connection also ends in 'close', which every waiting step hears.
}
