import { afterAll, beforeAll, expect, it } from 'vitest';
import { fail, ok, subjects } from '@sallyport/platform-bus';
import { house, type House } from './testing/house.ts';

let h: House;
beforeAll(async () => void (h = await house()));
afterAll(() => h[Symbol.asyncDispose]());

const body = { machine: 'nightly', target: 'ledger-db', reason: 'the close of the month', statements: [{ text: 'delete from ledger.entries where id = 7' }] };
const answer = { approval: '0198c0de-0000-7000-8000-000000000001', url: 'https://x', expires: '2099-01-01T00:00:00.000000Z', quorum: [{ group: 'dba', count: 1 }], statements: [], refused: [] };

it('a manifest is asked for in the name of who is logged in, and that is noted', async () => {
  h.answer(subjects.approvalsManifest, ok(answer));
  expect(await h.ask('POST', '/v1/manifests', 'operator', body)).toMatchObject({ status: 200, body: answer });
  expect(h.asked.get(subjects.approvalsManifest)).toMatchObject([{ requester: 'person:operator', machine: 'nightly', source: '127.0.0.1', manifest: { target: 'ledger-db', role: null, expiresIn: 86_400, statements: [{ times: 1, parameters: [] }] } }]);
  expect(h.noted).toEqual(['manifest.submit nightly null']);
});

it('what could not be asked is told, and noted with its code', async () => {
  h.noted.length = 0;
  h.answer(subjects.approvalsManifest, fail('machine-not-active', 'the machine nightly is in state suspended'));
  expect(await h.ask('POST', '/v1/manifests', 'operator', body)).toMatchObject({ status: 409, body: { error: { code: 'machine-not-active' } } });
  expect(await h.ask('POST', '/v1/manifests', 'approver', body)).toMatchObject({ status: 403 });
  expect(await h.ask('POST', '/v1/manifests', 'operator', { ...body, requester: 'person:alice' })).toMatchObject({ status: 400 });
  expect(h.noted).toContain('manifest.submit nightly machine-not-active');
});
