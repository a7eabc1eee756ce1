import { createRequire } from 'node:module';
import { missingSshd } from '@sallyport/testing-servers';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../testing/world.ts';
import { hostKeyTypes, keyExchanges } from './algorithms.ts';

const { KexInit } = createRequire(import.meta.url)('ssh2/lib/protocol/kex.js') as { readonly KexInit: new (lists: object) => object };
const strict = 'kex-strict-c-v00@openssh.com';

describe.skipIf(missingSshd !== null)('Terrapin (CVE-2023-48795)', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** What comes of a client that offers exactly this. */
  function login(cipher: string, kex: readonly string[]): Promise<string> {
    return new Promise((resolve) => {
      const client = new ssh2.Client();
      client.once('ready', () => {
        resolve('in');
        client.end();
      }).once('error', (error) => resolve(error.message)).once('close', () => resolve('closed'));
      client.connect({ host: '127.0.0.1', port: world.door.port, username: 'shell-box', password: 'a-token' });
      const methods = { cipher: [cipher], mac: ['hmac-sha2-256-etm@openssh.com'], compress: ['none'], lang: [] };
      const wire: unknown = Reflect.get(client, '_protocol');
      if (typeof wire !== 'object' || wire === null) throw new TypeError('this version of ssh2 keeps its protocol elsewhere');
      Reflect.set(wire, '_offer', new KexInit({ kex, serverHostKey: hostKeyTypes, cs: methods, sc: methods }));
    });
  }

  it.each(['chacha20-poly1305@openssh.com', 'aes256-ctr', 'aes128-ctr'])('a client without strict key exchange is refused with %s, and let in with it', async (cipher) => {
    expect(await login(cipher, keyExchanges)).not.toBe('in');
    expect(world.ports.recorded).toEqual([]);
    expect(await login(cipher, [...keyExchanges, strict])).toBe('in');
    world.ports.recorded.length = 0;
  });

  it.each(['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com'])('one without it is let in with %s, to which the attack does nothing', async (cipher) => {
    expect(await login(cipher, keyExchanges)).toBe('in');
  });
});
