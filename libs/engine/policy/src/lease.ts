import { verify, type KeyObject } from 'node:crypto';
import { id, millis, type Digest, type Instant, type Lease, type MachineName, type Party, type SessionId, type TargetName } from '@sallyport/domain-model';
import { isObject } from './expressions.ts';

/** Why a lease is not to be used. Whoever gets one of these denies everything. */
export interface LeaseRefused {
  readonly kind: 'lease-refused';
  readonly code: 'malformed' | 'signature' | 'expired';
  readonly say: string;
}

/** `typ` of the protected header, so that no other token signed by the same key can pass for a lease (RFC 8725 section 3.11). */
export const leaseType = 'sallyport-lease+jwt';
/** A lease is good for 30 s; one that claims much more was not made by the decision point as we know it. Room for clocks that differ. */
export const maxLeaseMs = 120_000;
const maxLength = 4096;

const members = ['id', 'session', 'machine', 'target', 'role', 'slice', 'policyVersion', 'maskPlan', 'entitlement', 'record', 'expires'];

/**
 * Checks a lease: compact JWS (RFC 7515 section 7.1) over a {@link Lease}, EdDSA with Ed25519 (RFC 8037) by the decision point's key. The
 * header must be exactly the one that the decision point writes. Whether the lease is for this session is the caller's to compare.
 * @param now milliseconds since 1970
 */
export function verifyLease(jws: string, publicKey: KeyObject, now: number): Lease | LeaseRefused {
  if (jws.length > maxLength) return refused('malformed', 'the lease is too long');
  const match = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})$/.exec(jws);
  if (match === null) return refused('malformed', 'the lease is not a compact JWS');
  const [, header = '', payload = '', signature = ''] = match;
  if (publicKey.type !== 'public' || publicKey.asymmetricKeyType !== 'ed25519') return refused('signature', 'the lease key is not an Ed25519 public key');
  if (!isLeaseHeader(parsed(header))) return refused('malformed', 'the lease has a header that is not a lease’s');
  if (!verify(null, Buffer.from(`${header}.${payload}`), publicKey, Buffer.from(signature, 'base64url'))) return refused('signature', 'the lease was not signed by the decision point');
  const lease = leaseOf(parsed(payload));
  if (lease === null) return refused('malformed', 'the lease does not say what a lease must');
  const left = millis(lease.expires) - now;
  if (!(left > 0)) return refused('expired', 'the lease has expired');
  return left <= maxLeaseMs ? lease : refused('malformed', 'the lease lasts longer than leases may');
}

/** The payload that the decision point signs: exactly the lease's members; `behalf` only where the machine acts for somebody. */
export function leaseClaims(lease: Lease): Record<string, unknown> {
  return {
    id: lease.id, session: lease.session, machine: lease.machine, target: lease.target, role: lease.role, slice: lease.slice,
    policyVersion: lease.policyVersion, maskPlan: lease.maskPlan, entitlement: lease.entitlement, record: lease.record, expires: lease.expires,
    ...(lease.behalf === undefined ? {} : { behalf: { kind: lease.behalf.kind, name: lease.behalf.name } }),
  };
}

function isLeaseHeader(header: unknown): boolean {
  return isObject(header) && Object.keys(header).length === 2 && header['alg'] === 'EdDSA' && header['typ'] === leaseType;
}

function leaseOf(claims: unknown): Lease | null {
  if (!isObject(claims) || !members.every((member) => Object.hasOwn(claims, member))) return null;
  const behalf = Object.hasOwn(claims, 'behalf') ? partyOf(claims['behalf']) : undefined;
  if (behalf === null || Object.keys(claims).length !== members.length + (behalf === undefined ? 0 : 1)) return null;
  const { id: lease, session, machine, target, role, slice, policyVersion, maskPlan, entitlement, record, expires } = claims;
  if (typeof lease !== 'string' || typeof session !== 'string' || typeof machine !== 'string' || typeof target !== 'string') return null;
  if (typeof slice !== 'string' || !/^[0-9a-f]{64}$/.test(slice) || typeof expires !== 'string' || Number.isNaN(millis(expires))) return null;
  if (typeof policyVersion !== 'number' || !Number.isSafeInteger(policyVersion) || policyVersion < 0) return null;
  if (!isTextOrNull(role) || !isTextOrNull(maskPlan) || !isTextOrNull(entitlement) || typeof record !== 'boolean') return null;
  return {
    id: lease, session: id<SessionId>(session), machine: id<MachineName>(machine), target: id<TargetName>(target), role,
    slice: id<Digest>(slice), policyVersion, maskPlan, entitlement, record, expires: id<Instant>(expires), ...(behalf === undefined ? {} : { behalf }),
  };
}

function partyOf(value: unknown): Party | null {
  if (!isObject(value) || Object.keys(value).length !== 2) return null;
  const { kind, name } = value;
  return (kind === 'person' || kind === 'machine') && typeof name === 'string' ? { kind, name } : null;
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function parsed(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    // Not JSON is one more way of not being a lease.
    return null;
  }
}

const refused = (code: LeaseRefused['code'], say: string): LeaseRefused => ({ kind: 'lease-refused', code, say });
