import { readFileSync } from 'node:fs';
import type { Kysely } from 'kysely';
import { uuidv7 } from '@sallyport/domain-model';
import { DpopError, dpopWindow, knownHostsLine, publicKeyLine, verifyDpop } from '@sallyport/platform-identity';
import { StoreError } from '@sallyport/platform-store';
import type { Log } from '@sallyport/platform-telemetry';
import type { IdentityConfig } from '../config.ts';
import type { AccessDoor } from '../entitlements/access-door.ts';
import type { IdentityDatabase } from '../store/database.ts';
import type { ManifestDoor } from '../manifests/manifest-door.ts';
import { rememberUses } from '../store/token-uses.ts';
import type { SshAuthorities } from './authorities.ts';
import type { Exchanger } from './exchanger.ts';
import { listen, type Listener } from './listener.ts';
import { OAuthError } from './oauth-error.ts';
import { Rate } from './rate.ts';

export interface EndpointParts {
  readonly config: IdentityConfig;
  readonly db: Kysely<IdentityDatabase>;
  readonly exchanger: Exchanger;
  readonly door: AccessDoor;
  readonly manifests: ManifestDoor;
  readonly authorities: SshAuthorities | null;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Opens the exchange's door, where one is configured. */
export async function openEndpoint({ config, db, exchanger, door, manifests, authorities, log, now }: EndpointParts): Promise<Listener | null> {
  const { SALLYPORT_TOKEN_LISTEN: at, SALLYPORT_TLS_CERT: cert, SALLYPORT_TLS_KEY: key, SALLYPORT_TOKEN_URL: publicUrl } = config;
  if (at === undefined) return null;
  const rate = new Rate(config.SALLYPORT_TOKEN_RATE, now);
  const listener = await listen({
    ...at,
    tls: cert === undefined || key === undefined ? null : { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') },
    publicUrl: publicUrl ?? null,
    wait: (address) => rate.ask(address),
    exchange: (request, asker) => exchanger.exchange(request, asker),
    access: (call) => door.answer(call),
    manifests: (call) => manifests.answer(call),
    prove: (proof, url) => prove(db, proof, url, now()),
    wellKnown: wellKnown(authorities, config.SALLYPORT_SSH_HOSTS),
    log,
  });
  log.info('tokens are exchanged', { at: listener.url });
  return listener;
}

/** What clients and targets put into their own configuration: `known_hosts`, and the file of sshd's TrustedUserCAKeys. */
function wellKnown(authorities: SshAuthorities | null, hosts: readonly string[]): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  if (authorities === null) return texts;
  if (hosts.length > 0) texts.set('/.well-known/sallyport/ssh_known_hosts', `${knownHostsLine(authorities.host.publicKey, hosts)}\n`);
  texts.set('/.well-known/sallyport/ssh_trusted_user_ca.pub', `${publicKeyLine(authorities.upstream.publicKey, 'sallyport-logins')}\n`);
  return texts;
}

/** What proofs are remembered under, beside the bindings of machines, whose names have a slash. */
const proofs = 'dpop';

/** A proof is taken once, by all processes of the service together. */
async function prove(db: Kysely<IdentityDatabase>, proof: string, url: string, now: number): Promise<string> {
  try {
    const { jkt, once } = await verifyDpop(proof, { method: 'POST', url, now });
    const attempt = uuidv7();
    const first = await db.transaction().execute((trx) => rememberUses(trx, [{ attempt, source: '', use: { binding: proofs, key: once, mode: 'single_use', until: now + 2 * dpopWindow } }]));
    if (first.get(attempt)?.attempt !== attempt) throw new OAuthError('invalid_dpop_proof', 'dpop-replay', 'the proof was used before');
    return jkt;
  } catch (error) {
    if (error instanceof DpopError) throw new OAuthError('invalid_dpop_proof', 'dpop', error.message);
    if (error instanceof StoreError) throw new OAuthError('temporarily_unavailable', 'unavailable', 'the proof cannot be remembered now; try again');
    throw error;
  }
}
