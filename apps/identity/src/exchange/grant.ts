import { millis } from '@sallyport/domain-model';
import { plainAddress } from '@sallyport/platform-identity';
import type { Admitted, Origin } from '../model/admit.ts';
import type { Inventory } from '../model/inventory.ts';
import { bindingDigest, type Ticket } from '../model/ticket.ts';
import type { Delegation } from './delegate.ts';
import { OAuthError } from './oauth-error.ts';
import type { ExchangeRequest } from './request.ts';

/** Where an exchange came from, and which keys were proven with it. */
export interface Asker {
  readonly address: string;
  /** `x5t#S256` of the client certificate of the TLS connection, or null. */
  readonly x5t: string | null;
  /** The client's certificates as it showed them in the handshake, DER, its own first; empty without TLS or without any. */
  readonly chain: readonly Uint8Array[];
  /** `jkt` of a verified DPoP proof, or null. */
  readonly jkt: string | null;
}

/** A certificate begins this long before it is made, in milliseconds, for servers whose clocks are behind; that is part of its fifteen minutes. */
export const backdated = 60_000;
/** What would end sooner is not worth making, in milliseconds. */
const worthwhile = 5_000;
/** Widest ranges that a machine may ask for where its binding ties tokens to addresses, as prefix lengths. */
const widest = { ipv4: 16, ipv6: 32 } as const;

export type Grant = Omit<Ticket, 'id'>;

export interface Granting {
  /** The machine's: the actor's, where there are two tokens. */
  readonly admitted: Admitted;
  readonly origin: Origin;
  /** Null where there is one token. */
  readonly delegation: Delegation | null;
  readonly asker: Asker;
  readonly inventory: Inventory;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What is granted of what was asked for. Throws OAuthError. */
export function grant(request: ExchangeRequest, { admitted, origin, delegation, asker, inventory, now }: Granting): Grant {
  if (admitted.principal.kind !== 'machine') throw new OAuthError('invalid_request', 'person', 'tokens of people are not exchanged: only machines get tickets');
  const { actor, behalf, behalfSince } = admitted.principal;
  const known = new Set(inventory.documents.flatMap((one) => (one.kind === 'Target' ? [one.metadata.name] : [])));
  for (const text of request.targets) {
    if (!known.has(text.slice(text.indexOf('@') + 1))) throw new OAuthError('invalid_target', 'target-unknown', `there is no target ${text.slice(text.indexOf('@') + 1)} here`);
  }
  const longest = request.type === 'ticket' ? request.lifetime * 1000 : Math.min(request.lifetime * 1000, 900_000 - backdated);
  // Whole seconds, as certificates count; never past the token's own end.
  const expires = Math.floor(Math.min(now + longest, origin.expires, delegation?.expires ?? Number.POSITIVE_INFINITY) / 1000) * 1000;
  if (expires - now < worthwhile) throw new OAuthError('invalid_request', 'token-ends', 'the token ends within seconds: get a fresh one');
  return {
    kind: request.type, machine: actor.machine, npid: actor.npid, issuer: origin.issuer, binding: origin.binding.name, bindingDigest: bindingDigest(origin.binding),
    targets: request.targets, extensions: request.extensions, act: delegation?.act ?? origin.act, behalf: delegation?.behalf ?? behalf, behalfSince: delegation === null ? (behalfSince === null ? null : millis(behalfSince)) : delegation.since, source: plainAddress(asker.address), expires,
    key: keyOf(request, asker),
    sources: sourcesOf(request, origin, asker),
    // A binding whose tokens may be used once gives tickets that may be used once, unless more uses are asked for by number.
    maxUses: request.uses ?? (origin.binding.replay === 'single_use' ? 1 : null),
  };
}

function keyOf({ type, publicKey }: ExchangeRequest, { x5t, jkt }: Asker): string | null {
  const ssh = publicKey === null ? null : `ssh:${publicKey.fingerprint}`;
  if (type === 'ssh-certificate') {
    if (jkt !== null) throw new OAuthError('invalid_request', 'key', 'a DPoP proof binds tickets: an SSH certificate is bound to its own key');
    return ssh;
  }
  const keys = [ssh, x5t === null ? null : `x5t#S256:${x5t}`, jkt === null ? null : `jkt:${jkt}`].filter((key) => key !== null);
  if (keys.length > 1) throw new OAuthError('invalid_request', 'key', 'a ticket is bound to one key: of public_key, client certificate and DPoP proof give one');
  return keys[0] ?? null;
}

/** As the binding has it for its tokens: tied to the address, or not. What is asked for by hand may be narrower or elsewhere, not the whole world. */
function sourcesOf({ sources }: ExchangeRequest, { binding }: Origin, { address }: Asker): readonly string[] {
  const tied = binding.replay !== 'off';
  if (sources === null) return tied ? [plainAddress(address)] : [];
  if (tied && sources.some(isWide)) throw new OAuthError('invalid_request', 'source-address', `source_address may span /${widest.ipv4} of IPv4 and /${widest.ipv6} of IPv6 at most: the trust binding ties its tokens to addresses`);
  return sources;
}

function isWide(range: string): boolean {
  const [address = '', bits] = range.split('/');
  return bits !== undefined && Number(bits) < (address.includes(':') ? widest.ipv6 : widest.ipv4);
}
