import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import ssh2, { type Connection, type ParsedKey } from 'ssh2';
import { ciphers, hostKeyTypes, keyExchanges, macs, type Negotiated } from './algorithms.ts';
import { FieldReader, string, uint32, uint8 } from './fields.ts';

/*
 * The only file that reaches into ssh2 (1.17.0, pinned exactly; `library.int.spec.ts` is its contract test). What ssh2 does not offer and is needed:
 * a connection on a socket that somebody else has accepted, host certificates, banners and disconnects with words, and whether key exchange was strict.
 */
const require = createRequire(import.meta.url);
const { bindingAvailable } = require('ssh2/lib/protocol/crypto.js') as { readonly bindingAvailable: boolean };
const { KexInit } = require('ssh2/lib/protocol/kex.js') as { readonly KexInit: new (lists: object) => object };
const { sendPacket } = require('ssh2/lib/protocol/utils.js') as { readonly sendPacket: (protocol: Wire, packet: Buffer, bypass?: boolean) => void };
const { IncomingClient } = require('ssh2/lib/server.js') as {
  readonly IncomingClient: new (socket: Socket, hostKeys: object, ident: Buffer, offer: object, debug: undefined, server: EventEmitter, config: object) => Connection;
};

/** What ssh2 calls its protocol; private there. */
interface Wire {
  readonly _strictMode: boolean | undefined;
  readonly _kex: { sessionID: Buffer; negotiated: { serverHostKey: string }; readonly _remoteKexinit: Buffer } | undefined;
  _offer: object;
  readonly _packetRW: { readonly write: { readonly allocStart: number; readonly allocStartKEX: number; alloc(size: number, force?: boolean): Buffer; finalize(packet: Buffer, force?: boolean): Buffer } };
}

/** Null when ssh2 has its compiled crypto; else what to do about it. Without it everything works, at an eighth of the speed. */
export const missingCrypto: string | null = bindingAvailable ? null : 'ssh2 runs without its compiled crypto, at an eighth of its speed: scripts/bootstrap builds it (needs python3, make and g++)';

/** What this end is called in the first line of a connection. */
const ident = Buffer.from('Sallyport');

export interface HostKey {
  /** Private key in a format that ssh2 reads: OpenSSH's own, or PKCS#1/SEC1 PEM. */
  readonly privateKey: string;
  /** The host certificate's blob, when there is one now. */
  readonly certificate: Buffer | null;
}

/** Speaks SSH as a server on an accepted socket. `onHeader` runs when the client has said who it is, before anything else is read. */
export function serverOn(socket: Socket, hostKey: HostKey, onHeader: (connection: Connection, software: string) => void): void {
  const server = new EventEmitter();
  server.on('connection', (connection: Connection, info: { readonly header: { readonly versions: { readonly software: string } } }) => onHeader(connection, info.header.versions.software));
  const hostKeys = hostKeyTable(hostKey, () => wireOf(made));
  const methods = { cipher: ciphers, mac: macs, compress: ['none'], lang: [] };
  const offer = new KexInit({ kex: [...keyExchanges, 'kex-strict-s-v00@openssh.com'], serverHostKey: Object.keys(hostKeys), cs: methods, sc: methods });
  const made: Connection = new IncomingClient(socket, hostKeys, ident, offer, undefined, server, { keepaliveInterval: 15_000, keepaliveCountMax: 4 });
  sayAlgorithms(made);
  keepRightGuess(made);
}

/**
 * A peer may guess what will be agreed on and send its first message of key exchange at once (RFC 4253 section 7; Dropbear's client does). ssh2 1.17 throws away
 * right guesses as it does wrong ones, because it compares the agreed name with the first letter of itself, and then both sides wait for ever.
 */
function keepRightGuess(connection: object): void {
  const wire = wireOf(connection);
  let skip = false;
  Object.defineProperty(wire, '_skipNextInboundPacket', {
    // Read before each message of key exchange: what is skipped is the one after the announcement.
    get: () => {
      const announced = skip;
      skip = false;
      return announced && !guessedRight(wire);
    },
    set: (next: boolean) => (skip = next),
  });
}

/** A guess is right when both sides have the same first key exchange and the same first host key. */
function guessedRight({ _kex: exchange, _offer: offer }: Wire): boolean {
  if (exchange === undefined) return false;
  const theirs = new FieldReader(exchange._remoteKexinit.subarray(17));
  return [firstOf(offer, 'kex'), firstOf(offer, 'serverHostKey')].every((ours) => ours !== null && theirs.text().split(',', 1)[0] === ours);
}

function firstOf(offer: object, list: 'kex' | 'serverHostKey'): string | null {
  const names: unknown = nested(offer, 'lists', list, 'array', '0');
  return typeof names === 'string' ? names : null;
}

function nested(value: unknown, ...names: readonly string[]): unknown {
  return names.reduce<unknown>((inner, name) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, name) : undefined), value);
}

/** Signatures that clients may make (RFC 8308): ssh2's own list names weak ones, and lacks a comma. Sent right after the first key exchange. */
function sayAlgorithms(connection: object): void {
  const wire = wireOf(connection);
  const complete: unknown = Reflect.get(wire, '_onHandshakeComplete');
  if (typeof complete !== 'function') throw new TypeError('this version of ssh2 ends its handshake elsewhere');
  let said = false;
  Reflect.set(wire, '_onHandshakeComplete', (...args: readonly unknown[]) => {
    const exchange: unknown = Reflect.get(wire, '_kex');
    const wanted = typeof exchange === 'object' && exchange !== null && Reflect.get(exchange, 'remoteExtInfoEnabled') === true;
    if (wanted && exchange !== null) Reflect.set(exchange, 'remoteExtInfoEnabled', false);
    if (wanted && !said) send(connection, Buffer.concat([uint8(7), uint32(1), string('server-sig-algs'), string(hostKeyTypes.join(','))]), false);
    said = true;
    Reflect.apply(complete, undefined, args);
  });
}

/** Host key by algorithm. With a certificate the message carries it, while the signature is named after the plain key. */
function hostKeyTable({ privateKey, certificate }: HostKey, wire: () => Wire): Record<string, ParsedKey> {
  const key = parsePrivateKey(privateKey);
  const plain: Record<string, ParsedKey> = key.type === 'ssh-rsa' ? { 'rsa-sha2-512': key, 'rsa-sha2-256': key } : { [key.type]: key };
  if (certificate === null || key.type === 'ssh-rsa') return plain;
  const certified = Object.create(key, {
    getPublicSSH: { value: () => certificate },
    sign: {
      value: (data: Buffer, algorithm?: string) => {
        const { _kex: exchange } = wire();
        if (exchange !== undefined) exchange.negotiated.serverHostKey = key.type;
        return key.sign(data, algorithm);
      },
    },
  }) as ParsedKey;
  return { [`${key.type}-cert-v01@openssh.com`]: certified, ...plain };
}

/** @throws TypeError when it is no private key, or one with a passphrase */
export function parsePrivateKey(text: string | Buffer): ParsedKey {
  const parsed = ssh2.utils.parseKey(text);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key === undefined || key instanceof Error || !key.isPrivateKey()) throw new TypeError('this is no private key that can be read without a passphrase');
  return key;
}

/** True when both sides have agreed on strict key exchange. */
export const isStrict = (connection: object): boolean => wireOf(connection)._strictMode === true;

/** The hash that names this connection: what a client's signature is made over. */
export function sessionIdOf(connection: object): Buffer {
  return wireOf(connection)._kex?.sessionID ?? Buffer.alloc(0);
}

/** A text that clients show before anybody has logged in (RFC 4252 section 5.4). */
export function sendBanner(connection: object, text: string): void {
  send(connection, Buffer.concat([uint8(53), string(text), string('')]), false);
}

/** Says why and that this is the end (RFC 4253 section 11.1). The socket is closed by the caller. */
export function sendDisconnect(connection: object, reason: number, text: string): void {
  send(connection, Buffer.concat([uint8(1), uint32(reason), string(text), string('')]), true);
}

function send(connection: object, payload: Buffer, always: boolean): void {
  const wire = wireOf(connection);
  const { write } = wire._packetRW;
  const start = always ? write.allocStartKEX : write.allocStart;
  const packet = write.alloc(payload.length, always);
  packet.set(payload, start);
  sendPacket(wire, write.finalize(packet, always), always);
}

/** Does not open a channel, with words: ssh2's own `reject` says that the target could not be reached, and nothing more (RFC 4254 section 5.1). */
export function rejectOpen(connection: object, reject: () => void, why: string): void {
  const wire = wireOf(connection);
  const fail: unknown = Reflect.get(wire, 'channelOpenFail');
  if (typeof fail !== 'function') throw new TypeError('this version of ssh2 refuses channels elsewhere');
  Reflect.set(wire, 'channelOpenFail', (channel: unknown) => Reflect.apply(fail, wire, [channel, 1, why]));
  try {
    reject();
  } finally {
    Reflect.set(wire, 'channelOpenFail', fail);
  }
}

/** What a client connection offers; ssh2 lets it be chosen only from lists without certificates. */
export function offerCertifiedHostKeys(connection: object, hostKeyAlgorithms: readonly string[]): void {
  const methods = { cipher: ciphers, mac: macs, compress: ['none'], lang: [] };
  wireOf(connection)._offer = new KexInit({ kex: [...keyExchanges, 'ext-info-c', 'kex-strict-c-v00@openssh.com'], serverHostKey: hostKeyAlgorithms, cs: methods, sc: methods });
  keepRightGuess(connection);
}

export type { Negotiated };

function wireOf(connection: object): Wire {
  const wire: unknown = Reflect.get(connection, '_protocol');
  if (typeof wire !== 'object' || wire === null) throw new TypeError('this version of ssh2 keeps its protocol elsewhere');
  return wire as Wire;
}

/**
 * Makes a client show a certificate: its next public key request is signed by the key and carries the certificate, without asking first
 * whether the server would like it. The signature is named after the plain key, which ssh2's own request would not do.
 */
export function presentCertificate(connection: object, key: ParsedKey, certificate: Uint8Array): void {
  const wire = wireOf(connection);
  const algorithm = `${key.type}-cert-v01@openssh.com`;
  const authPK = (username: string): void => {
    const request = Buffer.concat([uint8(50), string(username), string('ssh-connection'), string('publickey'), uint8(1), string(algorithm), string(certificate)]);
    const signature = key.sign(Buffer.concat([string(sessionIdOf(connection)), request]));
    if (signature instanceof Error) throw signature;
    const queue: unknown = Reflect.get(wire, '_authsQueue');
    if (Array.isArray(queue)) queue.push('publickey');
    send(connection, Buffer.concat([request, string(Buffer.concat([string(key.type), string(signature)]))]), false);
  };
  Reflect.set(wire, 'authPK', authPK);
}

/**
 * Takes a host certificate for what it certifies: the caller has verified it. ssh2 checks the signature of the key exchange by the bytes it was
 * given as host key, so these answer with the certified key when they are read as a key, and stay the certificate in the exchange's hash.
 */
export function trustCertifiedHostKey(connection: object, keyType: string, keyBlob: Buffer): void {
  const exchange: unknown = Reflect.get(wireOf(connection), '_kex');
  if (typeof exchange !== 'object' || exchange === null) throw new TypeError('there is no key exchange going on');
  const bytes: unknown = Reflect.get(exchange, '_hostKey');
  const negotiated: unknown = Reflect.get(exchange, 'negotiated');
  if (!(bytes instanceof Uint8Array) || typeof negotiated !== 'object' || negotiated === null) throw new TypeError('this version of ssh2 keeps its host key elsewhere');
  const fields = keyBlob.subarray(4 + keyType.length);
  const given = Buffer.from(bytes);
  Object.defineProperties(given, { utf8Slice: { value: () => keyType }, slice: { value: () => fields } });
  Reflect.set(exchange, '_hostKey', given);
  Reflect.set(negotiated, 'serverHostKey', keyType);
}

/** A fresh Ed25519 key, in OpenSSH's format. One of 256 that ssh2 1.17 makes it cannot read itself (a byte of zero at the wrong end); those are thrown away. */
export function newKeyText(): string {
  for (let tries = 0; tries < 16; tries++) {
    const text = ssh2.utils.generateKeyPairSync('ed25519').private;
    if (!(ssh2.utils.parseKey(text) instanceof Error)) return text;
  }
  throw new TypeError('ssh2 makes no keys that it can read');
}

/** The same, as ssh2 reads it. */
export function newKey(): ParsedKey {
  return parsePrivateKey(newKeyText());
}

/**
 * Forgets the piece that a channel has written after it waited for the window: ssh2 1.17 keeps it, and would send it again when the channel's other
 * stream waits. Only when nothing is being written on either stream.
 */
export function forgetWritten(channel: object): void {
  for (const name of ['_chunk', '_chunkcb', '_chunkErr', '_chunkcbErr']) Reflect.set(channel, name, undefined);
}

/** Message numbers that ssh2 handles (RFC 4250 section 4.1.2), without those of key exchange, which it reads elsewhere. */
const knownMessages = new Set([1, 2, 3, 4, 5, 6, 7, 20, 21, 50, 51, 52, 53, 60, 61, 80, 81, 82, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100]);
const knownChannels = new Set(['session', 'direct-tcpip', 'direct-streamlocal@openssh.com']);
const knownRequests = new Set(['env', 'pty-req', 'window-change', 'x11-req', 'signal', 'auth-agent-req@openssh.com', 'shell', 'exec', 'subsystem', 'xon-xoff', 'eow@openssh.com']);
const knownGlobals = new Set(['tcpip-forward', 'cancel-tcpip-forward', 'no-more-sessions@openssh.com', 'streamlocal-forward@openssh.com', 'cancel-streamlocal-forward@openssh.com', 'keepalive@openssh.com', 'hostkeys-prove-00@openssh.com']);

/**
 * Tells of what ssh2 refuses by itself or passes over: messages, channel types and requests that it does not know. A message that it does not know is
 * answered with UNIMPLEMENTED (RFC 4253 section 11.4).
 */
export function watchProtocol(connection: object, refused: (what: string) => void): void {
  const wire = wireOf(connection);
  const handlers: unknown = Reflect.get(wire, '_handlers');
  const decipher: unknown = Reflect.get(wire, '_decipher');
  if (typeof handlers !== 'object' || handlers === null || typeof decipher !== 'object' || decipher === null) throw new TypeError('this version of ssh2 keeps its handlers elsewhere');
  watch(handlers, 'CHANNEL_OPEN', (info: unknown) => {
    const type = nameIn(info, 'type');
    if (!knownChannels.has(type)) refused(`the channel type ${printable(type)}`);
  });
  watch(handlers, 'CHANNEL_REQUEST', (_recipient: unknown, type: unknown) => {
    if (!knownRequests.has(String(type))) refused(`the request ${printable(String(type))}`);
  });
  watch(handlers, 'GLOBAL_REQUEST', (name: unknown) => {
    if (!knownGlobals.has(String(name))) refused(`the request ${printable(String(name))}`);
  });
  const read: unknown = Reflect.get(wire, '_onPayload');
  if (typeof read !== 'function') throw new TypeError('this version of ssh2 reads its messages elsewhere');
  const onPayload = (payload: Buffer): unknown => {
    const type = payload[0] ?? 0;
    if (payload.length === 0 || knownMessages.has(type)) return Reflect.apply(read, undefined, [payload]);
    refused(`the message ${type}`);
    send(connection, Buffer.concat([uint8(3), uint32(0)]), false);
    return undefined;
  };
  Reflect.set(wire, '_onPayload', onPayload);
  Reflect.set(decipher, '_onPayload', onPayload);
}

function watch(handlers: object, name: string, see: (...args: readonly unknown[]) => void): void {
  const handler: unknown = Reflect.get(handlers, name);
  if (typeof handler !== 'function') throw new TypeError(`this version of ssh2 has no handler ${name}`);
  Reflect.set(handlers, name, (...args: readonly unknown[]) => {
    see(...args.slice(1));
    Reflect.apply(handler, undefined, args);
  });
}

function nameIn(value: unknown, name: string): string {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return typeof found === 'string' ? found : '?';
}

const printable = (text: string) => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 64);
