import { describe, expect, it } from 'vitest';
import { Rate } from './rate.ts';

describe('the rate of one address', () => {
  it('lets five seconds’ worth in at once, then as many as come in a second', () => {
    let now = 0;
    const rate = new Rate(2, () => now);
    expect(Array.from({ length: 12 }, () => rate.ask('10.0.0.1'))).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
    expect(rate.ask('10.0.0.2')).toBe(0);
    now += 1000;
    expect(Array.from({ length: 3 }, () => rate.ask('10.0.0.1'))).toEqual([0, 0, 1]);
    now -= 60_000;
    expect(rate.ask('10.0.0.1')).toBe(1);
  });

  it('counts an IPv4 address once in both of its forms, and IPv6 by site', () => {
    const rate = new Rate(0.2, () => 0);
    expect(rate.ask('10.0.0.1')).toBe(0);
    expect(rate.ask('::ffff:10.0.0.1')).toBe(5);
    expect(rate.ask('2001:db8:0:1::7')).toBe(0);
    expect(rate.ask('2001:db8:0:1:ffff::8')).toBe(5);
    expect(rate.ask('2001:db8::1:0:0:0:1')).toBe(5);
    expect(rate.ask('2001:db8:0:2::7')).toBe(0);
  });

  it('forgets the longest unseen, so that memory is bounded', () => {
    const rate = new Rate(0.2, () => 0);
    rate.ask('192.0.2.1');
    for (let i = 0; i < 20_000; i++) rate.ask(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
    expect(rate.ask('192.0.2.1')).toBe(0);
    expect(rate.ask('10.0.78.31')).toBe(5);
  });
});
