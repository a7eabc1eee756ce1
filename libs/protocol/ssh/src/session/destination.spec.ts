import { describe, expect, it } from 'vitest';
import { destinationOf } from './destination.ts';

describe('destinations of forwards', () => {
  it.each([
    ['DB.Internal', 5432, 'db.internal:5432'],
    ['localhost', 22, 'localhost:22'],
    ['10.0.0.7', 1, '10.0.0.7:1'],
    ['2001:DB8:0:0::1', 65_535, '[2001:db8::1]:65535'],
    ['::1', 22, '[::1]:22'],
    ['3com.example', 80, '3com.example:80'],
  ])('%s, port %i, is %s', (host, port, name) => {
    expect(destinationOf(host, port)?.name).toBe(name);
  });

  it.each([
    ['127.1', 22], ['2130706433', 22], ['0x7f000001', 22], ['0177.0.0.1', 22], ['127.0.0.0x1', 22], ['::ffff:127.0.0.1', 22], ['::127.0.0.1', 22], ['fe80::1%eth0', 22],
    ['', 22], ['*', 22], ['a..b', 22], ['host.', 22], ['-x', 22], ['a b', 22], ['ä.example', 22], ['a/b', 22], ['x'.repeat(64), 22], ['localhost', 0], ['localhost', 65_536],
  ])('%s, port %i, is none', (host, port) => {
    expect(destinationOf(host, port)).toBeNull();
  });
});
