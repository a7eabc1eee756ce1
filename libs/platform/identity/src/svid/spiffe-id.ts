/** SPIFFE-ID section 2: `spiffe://`, a trust domain in small letters, and a path without empty, `.` or `..` segments. At most 2048 bytes. */
export const spiffeId = /^(?=.{1,2048}$)spiffe:\/\/[a-z0-9._-]{1,255}(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)+$/;

/** `spiffe://bank.example` of `spiffe://bank.example/ledger`; null for what is no SPIFFE ID of a workload. */
export function trustDomainOf(id: unknown): string | null {
  return typeof id === 'string' && spiffeId.test(id) ? id.slice(0, id.indexOf('/', 'spiffe://'.length)) : null;
}
