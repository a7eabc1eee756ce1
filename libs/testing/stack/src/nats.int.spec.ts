import { describe, expect, it } from 'vitest';
import { startNats } from './nats.ts';

describe('startNats', () => {
  it('keeps streams and values over a kill -9', async () => {
    await using server = await startNats();
    const identity = await server.connect('identity');
    await (await identity.kv('inventory')).put('machine.a', { name: 'a' });
    await identity.close();
    await server.kill9();
    await server.restart();
    const policy = await server.connect('policy');
    expect(await (await policy.kv('inventory')).get('machine.a')).toEqual({ name: 'a' });
  });
});
