const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const usualIPv4 = new RegExp(`^(?:${octet}\\.){3}${octet}$`);

/** A unix socket's path in the one form that rules name; null for one that is not absolute, not printable, or that could be spelt otherwise. */
export function socketOf(path: string): string | null {
  return /^(?:\/[\x21-\x7e]+)+$/.test(path) && path.length <= 107 && !/\/\/|\/\.\.?(?:\/|$)|\/$/.test(path) ? path : null;
}

/** Where the target is asked to listen, as rules name it: `localhost:8080`, `*:0` for every address and a port of its choice. Null for what is no plain name or address. */
export function listenOf(address: string, port: number): string | null {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) return null;
  if (address === '' || address === '*') return `*:${port}`;
  const plain = destinationOf(address, port === 0 ? 1 : port);
  return plain === null ? null : port === 0 ? plain.name.replace(/:1$/, ':0') : plain.name;
}

/**
 * A forward's destination in the one form that rules name: `db.internal:5432`, `127.0.0.1:22`, `[2001:db8::1]:22`. Null for what is neither a name nor an
 * address in its usual form: `127.1`, `0x7f000001` and `::ffff:127.0.0.1` are ways around a name.
 */
export function destinationOf(host: string, port: number): { readonly host: string; readonly name: string } | null {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return null;
  const plain = host.toLowerCase();
  if (usualIPv4.test(plain)) return { host: plain, name: `${plain}:${port}` };
  if (plain.includes(':')) return ofIPv6(plain, port);
  const labels = plain.split('.');
  if (plain.length > 253 || !labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label))) return null;
  // What ends in a number is read as an address by resolvers.
  return /^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '') ? null : { host: plain, name: `${plain}:${port}` };
}

function ofIPv6(address: string, port: number): { readonly host: string; readonly name: string } | null {
  if (!/^[0-9a-f:.]{2,45}$/.test(address) || !URL.canParse(`http://[${address}]/`)) return null;
  const { hostname } = new URL(`http://[${address}]/`);
  const holdsIPv4 = /^\[::(?:ffff:)?[0-9a-f]{1,4}:[0-9a-f]{1,4}\]$/.test(hostname);
  return holdsIPv4 ? null : { host: hostname.slice(1, -1), name: `${hostname}:${port}` };
}
