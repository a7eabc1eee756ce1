import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EnvironmentError, readEnvironment } from './environment.ts';

const good = { SALLYPORT_NATS: 'nats://127.0.0.1:4222', SALLYPORT_NATS_PASSWORD: 'p', SALLYPORT_HTTP: '[::1]:8080', UNRELATED: 'x' };
const read = (env: Record<string, string | undefined>) => readEnvironment('policy', z.object({ SALLYPORT_LEASE_KEY: z.string().default('key.pem') }), env);

describe('readEnvironment', () => {
  it('gives defaults, and takes an empty variable for a missing one', () => {
    expect(read({ ...good, SALLYPORT_TENANT: '', SALLYPORT_LEASE_KEY: '' })).toEqual({
      base: { nats: 'nats://127.0.0.1:4222', dsn: null, http: { host: '::1', port: 8080 }, state: null, tenant: 'default' },
      bus: { user: 'policy', password: 'p', ca: null },
      config: { SALLYPORT_LEASE_KEY: 'key.pem' },
    });
  });

  it.each([
    ['SALLYPORT_NATS', 'http://hunter2', 'SALLYPORT_NATS: expected nats://host:port'],
    ['SALLYPORT_NATS', undefined, 'SALLYPORT_NATS: is not set'],
    ['SALLYPORT_NATS_PASSWORD', undefined, 'SALLYPORT_NATS_PASSWORD: is not set'],
    ['SALLYPORT_HTTP', '8080', 'SALLYPORT_HTTP: expected host:port'],
    ['SALLYPORT_HTTP', '127.0.0.1:99999', 'SALLYPORT_HTTP: expected a port up to 65535'],
    ['SALLYPORT_DSN', 'hunter2', 'SALLYPORT_DSN: expected postgres://…'],
    ['SALLYPORT_TENANT', 'Not A Name', 'SALLYPORT_TENANT: expected lower-case letters, digits and dashes'],
  ])('names what is wrong: %s=%s', (name, value, line) => {
    expect(() => read({ ...good, [name]: value })).toThrow(new EnvironmentError([line]));
  });
});
