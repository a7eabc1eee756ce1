import { BlockList, isIP } from 'node:net';

/** Ranges that one list may have; sshd takes more, nobody needs them. */
const maxRanges = 16;

/** An IPv4 address that came in IPv6's clothes (`::ffff:10.0.0.1`) is an IPv4 address; a zone (`%eth0`) is ours and says nothing of the client. */
export function plainAddress(address: string): string {
  const [plain = ''] = address.split('%', 1);
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(plain) ? plain.slice(7) : plain;
}

/**
 * Checks a list as `source-address` has it: addresses and CIDR ranges with commas, no blanks, and no bits behind a range's mask, which
 * sshd would refuse. Null when it is not one.
 */
export function readRanges(list: string): readonly string[] | null {
  const ranges = list.split(',');
  return ranges.length <= maxRanges && ranges.every(isRange) ? ranges : null;
}

function isRange(range: string): boolean {
  const [address = '', bits, ...rest] = range.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0 || address.includes('%')) return false;
  if (bits === undefined) return true;
  if (!/^(0|[1-9]\d{0,2})$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) return false;
  return hostBits(address, family, Number(bits)) === 0n;
}

/** What stands behind the mask. */
function hostBits(address: string, family: number, bits: number): bigint {
  const [size, value] = family === 4 ? [32, numberOf4(address)] : [128, numberOf6(address)];
  return value & ((1n << BigInt(size - bits)) - 1n);
}

const numberOf4 = (address: string) => address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);

function numberOf6(address: string): bigint {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const tail = dotted === null ? 0n : numberOf4(dotted[2] ?? '0.0.0.0');
  const text = dotted === null ? address : `${dotted[1] ?? ''}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`;
  const [head = '', rest] = text.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const [before, after] = [groups(head), groups(rest ?? '')];
  const all = rest === undefined ? before : [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
  return all.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

/** Whether an address is in one of the ranges, which were checked. What is no address is in none, and what is no range holds nobody. */
export function inRanges(address: string, ranges: readonly string[]): boolean {
  const plain = plainAddress(address);
  const family = isIP(plain);
  if (family === 0) return false;
  const list = new BlockList();
  for (const range of ranges) {
    const [net = '', bits] = range.split('/');
    if (isIP(net) === 0) continue;
    const type = isIP(net) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(net, type);
    else list.addSubnet(net, Number(bits), type);
  }
  return list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
}
