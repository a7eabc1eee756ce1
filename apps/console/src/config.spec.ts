import { expect, it } from 'vitest';
import { consoleConfig } from './config.ts';

const says = (env: Record<string, string>) => consoleConfig.safeParse(env).error?.issues[0]?.message ?? 'ok';

it('listens without TLS on loopback addresses only', () => {
  expect(says({ SALLYPORT_HTTP: '127.0.0.1:8443' })).toBe('ok');
  expect(says({ SALLYPORT_HTTP: '[::1]:8443' })).toBe('ok');
  expect(says({ SALLYPORT_HTTP: '0.0.0.0:8443' })).toContain('must be a loopback address');
  expect(says({ SALLYPORT_HTTP: '10.0.0.1:8443' })).toContain('must be a loopback address');
  expect(says({ SALLYPORT_HTTP: '127.0.0.1.example.com:8443' })).toContain('must be a loopback address');
  expect(says({ SALLYPORT_HTTP: '0.0.0.0:8443', SALLYPORT_API_CERT: 'c', SALLYPORT_API_KEY: 'k' })).toBe('ok');
});
it('wants certificate and key together', () => expect(says({ SALLYPORT_HTTP: '127.0.0.1:1', SALLYPORT_API_CERT: 'c' })).toContain('go together'));
