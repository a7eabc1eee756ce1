import { expect, it } from 'vitest';
import { fail, ok, type Bus, type Reply } from '@sallyport/platform-bus';
import { LoginPlaces } from './login-places.ts';

const issuer = (name: string, change: Record<string, unknown>) => ({
  apiVersion: 'sallyport/v1', kind: 'Issuer', metadata: { name },
  spec: { issuer: `https://${name}.example`, provider: 'generic', trusts: ['people'], keys: { discovery: true }, algorithms: ['ES256'], audiences: ['sallyport'], ...change },
});

function identity(answer: () => Reply<unknown>) {
  const state = { asked: 0, now: 0 };
  const call = () => {
    state.asked++;
    return Promise.resolve(answer());
  };
  const bus: Pick<Bus, 'call'> = { call: call as Bus['call'] };
  return { state, places: new LoginPlaces(bus, () => state.now) };
}

it('people log in where an issuer is for people and has a client for it; documents that cannot be read are not shown', async () => {
  const documents = [issuer('company', { login: { clientId: 'cli' } }), issuer('silent', {}), issuer('ci', { trusts: ['machines'], login: { clientId: 'cli' } }), { kind: 'Issuer' }];
  expect(await identity(() => ok({ documents })).places.all()).toEqual([
    { name: 'company', issuer: 'https://company.example', clientId: 'cli', scopes: ['openid', 'offline_access'], audience: null, resource: null, token: 'access' },
  ]);
});

it('identity is asked once in ten seconds, whoever asks how often; a failure is not kept', async () => {
  const replies: Reply<unknown>[] = [fail('unavailable', 'nobody answers'), ok({ documents: [] })];
  const { state, places } = identity(() => replies.shift() ?? ok({ documents: [issuer('late', { login: { clientId: 'cli' } })] }));
  await expect(places.all()).rejects.toMatchObject({ code: 'unavailable', status: 503 });
  for (let i = 0; i < 5; i++) expect(await places.all()).toEqual([]);
  expect(state.asked).toBe(2);
  state.now = 10_000;
  expect(await places.all()).toMatchObject([{ name: 'late' }]);
});
