import { describe, expect, it } from 'vitest';
import { fail, ok, type Bus, type Reply } from '@sallyport/platform-bus';
import { BootstrapToken } from './bootstrap-token.ts';
import { People } from './people.ts';

const bootstrap = 'b'.repeat(40);
const alice = { kind: 'person', person: 'alice', roles: ['auditor'], groups: [], tokenExpires: '2026-11-22T11:00:00.000000Z' };

/** Identity, answering from a table; counts how often it is asked. */
function people(answers: Record<string, Reply<unknown>>, withBootstrap = true) {
  const asked: string[] = [];
  let now = Date.parse('2026-11-22T10:00:00Z');
  const call = (_contract: unknown, request: unknown) => {
    const token = typeof request === 'object' && request !== null && 'token' in request ? String(request.token) : '';
    asked.push(token);
    return Promise.resolve(answers[token] ?? fail('unauthenticated', 'the token is not known'));
  };
  const bus: Pick<Bus, 'call'> = { call: call as Bus['call'] };
  const watches = new Map<string, (key: string) => void>();
  const watch = (of: string, on: (key: string) => void) => Promise.resolve((watches.set(of, on), () => void watches.delete(of)));
  const kv = (() => Promise.resolve({ watch })) as unknown as Bus['kv'];
  const shows = (key: string) => watches.get(`${key.slice(0, key.indexOf('.'))}.*`)?.(key);
  const door = new People(bus, withBootstrap ? new BootstrapToken(bootstrap) : null, () => now);
  const knock = (token: string, address = '10.0.0.1') => door.who({ token, address, port: 1, client: null });
  return { follow: () => door.follow({ kv }), shows, watches, asked, knock, later: (ms: number) => void (now += ms) };
}

describe('who a token is', () => {
  it('is asked of identity once in thirty seconds', async () => {
    const { knock, asked, later } = people({ good: ok(alice) });
    expect(await knock('good')).toMatchObject({ person: 'alice', roles: ['auditor'] });
    await knock('good');
    expect(asked).toEqual(['good']);
    later(30_000);
    await knock('good');
    expect(asked).toEqual(['good', 'good']);
  });
  it('is asked again as soon as something changed about that person, also while identity was answering', async () => {
    const { knock, asked, follow, shows, watches } = people({ good: ok(alice), other: ok({ ...alice, person: 'bob' }) });
    const stop = await follow();
    for (const token of ['good', 'other']) await knock(token);
    shows('login.alice');
    for (const token of ['good', 'other']) await knock(token);
    expect(asked).toEqual(['good', 'other', 'good']);
    shows('person.bob');
    const knocking = knock('other');
    shows('person.bob');
    await knocking;
    await knock('other');
    expect(asked.slice(3)).toEqual(['other', 'other']);
    stop();
    expect(watches.size).toBe(0);
  });
  it('is told by a code of its own where the session was revoked', async () => {
    const { knock } = people({ old: fail('unauthenticated', 'this session was revoked: log in again (session-revoked)') });
    await expect(knock('old')).rejects.toMatchObject({ code: 'session-revoked', status: 401, message: 'this session was revoked: log in again (session-revoked)' });
  });
  it('is not believed past the expiry of the token', async () => {
    const { knock, asked, later } = people({ good: ok({ ...alice, tokenExpires: '2026-11-22T10:00:05.000000Z' }) });
    await knock('good');
    later(5_000);
    await knock('good');
    expect(asked).toHaveLength(2);
  });
  it('is the bootstrap administrator for his token, without asking anybody, and never more than admin', async () => {
    const { knock, asked } = people({});
    expect(await knock(bootstrap)).toEqual({ person: 'bootstrap-admin', roles: ['admin'], groups: [], tokenExpires: null });
    expect(asked).toEqual([]);
  });
  it('is not the bootstrap administrator when the console has no such token', async () => {
    await expect(people({}, false).knock(bootstrap)).rejects.toMatchObject({ code: 'unauthenticated', status: 401 });
  });
  it('is nobody when identity says that it is a machine, or a person with the reserved name', async () => {
    const actor = { machine: 'm', npid: 'n', owner: 'o', issuer: 'i', tokenHash: 't', jti: null, tokenExpires: alice.tokenExpires };
    const { knock } = people({ machine: ok({ kind: 'machine', actor }), clash: ok({ ...alice, person: 'bootstrap-admin' }) });
    await expect(knock('machine')).rejects.toMatchObject({ code: 'unauthorized' });
    await expect(knock('clash')).rejects.toMatchObject({ code: 'unauthorized' });
  });
  it('is not known while identity is away, and that is no failed login', async () => {
    const { knock } = people({ x: fail('unavailable', 'identity.resolve: nobody answers') });
    for (let i = 0; i < 20; i++) await expect(knock('x')).rejects.toMatchObject({ code: 'unavailable', status: 503 });
  });
});

describe('failed logins', () => {
  it('of one address are refused after ten in a minute, even with a good token; others are not', async () => {
    const { knock, later } = people({ good: ok(alice) });
    for (let i = 0; i < 10; i++) await expect(knock(`bad${i}`)).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(knock('good')).rejects.toMatchObject({ code: 'rate-limited', status: 429 });
    await expect(knock(bootstrap)).rejects.toMatchObject({ code: 'rate-limited' });
    expect(await knock('good', '10.0.0.2')).toMatchObject({ person: 'alice' });
    later(60_000);
    expect(await knock('good')).toMatchObject({ person: 'alice' });
  });
  it('do not lock out somebody who is logged in already', async () => {
    const { knock } = people({ good: ok(alice) });
    await knock('good');
    for (let i = 0; i < 15; i++) await expect(knock(`bad${i}`)).rejects.toThrow();
    expect(await knock('good')).toMatchObject({ person: 'alice' });
  });
});

it('a bootstrap token that could be guessed is refused at boot', () => expect(() => new BootstrapToken('short')).toThrow('fewer than 32'));
