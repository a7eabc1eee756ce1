import { describe, expect, it } from 'vitest';
import { inRanges, readRanges } from './source-address.ts';

describe('a list of source addresses', () => {
  it.each(['10.0.0.1', '10.0.0.0/8', '0.0.0.0/0', '2001:db8::/32', '::1', '::/0', '::ffff:10.0.0.0/104', '10.0.0.1,192.168.0.0/16'])('%s is one', (list) => expect(readRanges(list)).toEqual(list.split(',')));
  it.each(['', ',', '10.0.0.1,', '10.0.0.1 ', '10.0.0.0/33', '10.0.0.0/08', '10.0.0.0/', '10.0.0.1/8', '2001:db8::1/32', '::1/127', 'fe80::1%eth0', 'example.com', '10.0.0', '!10.0.0.1', '10.0.0.*', '10.0.0.0/8/8', Array(17).fill('10.0.0.1').join(',')])('%j is none', (list) => expect(readRanges(list)).toBeNull());

  it('holds what is in its ranges and nothing else', () => {
    expect(inRanges('10.255.0.1', ['192.168.0.0/16', '10.0.0.0/8'])).toBe(true);
    expect(inRanges('11.0.0.1', ['10.0.0.0/8'])).toBe(false);
    expect(inRanges('::ffff:10.0.0.1', ['10.0.0.0/8'])).toBe(true);
    expect(inRanges('2001:db8::9', ['2001:db8::/32'])).toBe(true);
    expect(inRanges('2001:db9::9', ['2001:db8::/32'])).toBe(false);
    expect(inRanges('unknown', ['0.0.0.0/0', '::/0'])).toBe(false);
    expect(inRanges('10.0.0.1', [])).toBe(false);
    expect(inRanges('10.0.0.1', ['unknown', ''])).toBe(false);
    expect(inRanges('fe80::1%eth0', ['fe80::1'])).toBe(true);
  });
});
