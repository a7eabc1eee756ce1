import { randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { EventData } from '@sallyport/domain-events';
import { instant } from '@sallyport/domain-model';
import { fail, ok, type Reply } from '@sallyport/platform-bus';
import { certify, decodeBase64, isHostName, publicKeyLine, readPublicKey, readRanges, SshKeyRefusedError, type CertificateContent, type SshAuthority, type SshPublicKey } from '@sallyport/platform-identity';
import { StoreError, type Outbox } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import { whyStopped } from '../model/admit.ts';
import type { IdentityDatabase } from '../store/database.ts';
import type { Registry } from '../store/registry.ts';
import type { SshAuthorities } from './authorities.ts';

/** For clocks that are behind, in milliseconds; part of a certificate's life. */
const backdated = 30_000;
const hostLife = 24 * 3600_000;
/** Account names as useradd and most directories take them. */
const loginForm = /^[A-Za-z_][A-Za-z0-9_.-]{0,62}[A-Za-z0-9_$]?$/;

export interface Certified {
  blob: string;
  serial: string;
  keyId: string;
  validFrom: string;
  expires: string;
}

export interface LoginRequest {
  readonly session: string;
  readonly machine: string;
  readonly target: string;
  readonly login: string;
  readonly publicKey: string;
  readonly extensions: readonly string[];
  readonly sourceAddress: string | null;
  readonly seconds: number;
}

export interface CertifierParts {
  readonly db: Kysely<IdentityDatabase>;
  readonly outbox: Pick<Outbox, 'emit'>;
  readonly registry: Registry;
  readonly authorities: SshAuthorities | null;
  /** Names that gateways may be known by. */
  readonly hosts: readonly string[];
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What gateways ask for: certificates for their host keys, and for logins at targets. Each is recorded before it is given. */
export class Certifier {
  readonly #parts: CertifierParts;

  constructor(parts: CertifierParts) {
    this.#parts = parts;
  }

  authoritiesAsLines(): { host: string | null; upstream: string | null; names: string[] } {
    const { authorities, hosts } = this.#parts;
    return {
      host: authorities === null ? null : publicKeyLine(authorities.host.publicKey, 'sallyport-hosts'),
      upstream: authorities === null ? null : publicKeyLine(authorities.upstream.publicKey, 'sallyport-logins'),
      names: [...hosts],
    };
  }

  /** For a session that was opened: the policy let this machine through to this target, and says as whom it logs in there. */
  async login({ session, machine: name, target, login, publicKey, extensions, sourceAddress, seconds }: LoginRequest): Promise<Reply<Certified>> {
    const inventory = await this.#inventory();
    if (inventory === null) return unavailable();
    const machine = inventory.machines.get(name);
    if (machine === undefined) return fail('denied', 'there is no such machine');
    const stopped = whyStopped(machine, inventory);
    if (stopped !== null) return fail('denied', stopped.say);
    if (!inventory.documents.some((one) => one.kind === 'Target' && one.metadata.name === target)) return fail('denied', 'there is no such target');
    if (!loginForm.test(login)) return fail('invalid', 'login: not the name of an account');
    if (sourceAddress !== null && readRanges(sourceAddress)?.length !== 1) return fail('invalid', 'sourceAddress: not an address or a range');
    const now = this.#parts.now();
    return this.#certify('upstream', publicKey, {
      kind: 'user', keyId: `machine:${name} session:${session.replace(/[^\w-]/g, '')}`, principals: [login], extensions,
      validAfter: now - backdated, validBefore: now - backdated + seconds * 1000,
      criticalOptions: sourceAddress === null ? new Map() : new Map([['source-address', sourceAddress]]),
    }, { kind: 'login', gateway: null, session, machine: name, target });
  }

  async host(gateway: string, publicKey: string, names: readonly string[]): Promise<Reply<Certified>> {
    const { hosts } = this.#parts;
    if (!/^[\w.-]{1,64}$/.test(gateway)) return fail('invalid', 'gateway: not an id');
    const strange = names.find((name) => !isHostName(name) || !hosts.includes(name));
    if (strange !== undefined) return fail('denied', `${isHostName(strange) ? strange : 'that'} is no name of our gateways: SALLYPORT_SSH_HOSTS of identity lists them`);
    const now = this.#parts.now();
    return this.#certify('host', publicKey, { kind: 'host', keyId: `gateway:${gateway}`, principals: names, extensions: [], validAfter: now - backdated, validBefore: now - backdated + hostLife, criticalOptions: new Map() }, { kind: 'host', gateway, session: null, machine: null, target: null });
  }

  async #certify(
    by: 'host' | 'upstream', encoded: string, content: Omit<CertificateContent, 'serial' | 'validAfter' | 'validBefore'> & { readonly validAfter: number; readonly validBefore: number },
    about: Pick<EventData['ssh.certified'], 'kind' | 'gateway' | 'session' | 'machine' | 'target'>,
  ): Promise<Reply<Certified>> {
    const authority: SshAuthority | undefined = this.#parts.authorities?.[by];
    if (authority === undefined) return fail('unsupported', 'identity has no SSH authority: SALLYPORT_SSH_CA_DIR names the directory of its keys');
    const key = keyOf(encoded);
    if (typeof key === 'string') return fail('invalid', `publicKey: ${key}`);
    const serial = randomBytes(8).readBigUInt64BE() >> 1n;
    const [from, until] = [Math.floor(content.validAfter / 1000), Math.floor(content.validBefore / 1000)];
    const blob = await certify(key, { ...content, serial, validAfter: BigInt(from), validBefore: BigInt(until) }, authority);
    const expires = instant(until * 1000);
    try {
      const { db, outbox } = this.#parts;
      await db.transaction().execute((trx) => outbox.emit(trx, 'ssh.certified', { ...about, serial: String(serial), key: key.fingerprint, principals: content.principals, expires }));
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#parts.log.error('a certificate could not be recorded and is not given', { error });
      return unavailable();
    }
    return ok({ blob: blob.toString('base64'), serial: String(serial), keyId: content.keyId, validFrom: instant(from * 1000), expires });
  }

  /** As another process may have changed it. */
  async #inventory() {
    try {
      return await this.#parts.registry.follow();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return null;
    }
  }
}

function keyOf(encoded: string): SshPublicKey | string {
  try {
    return readPublicKey(decodeBase64(encoded));
  } catch (error) {
    if (error instanceof SshKeyRefusedError) return error.message;
    throw error;
  }
}

const unavailable = () => fail('unavailable', 'a certificate is only given when it can be recorded, and that is not possible now');
