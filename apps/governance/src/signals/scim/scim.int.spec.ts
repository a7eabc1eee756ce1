import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { governanceDirectories, governanceDirectoryAdd, governanceDirectoryRevoke, governanceDirectoryRotate, governanceSignals } from '@sallyport/platform-bus';
import { entra, okta, patchOp } from '../../testing/scim-payloads.ts';
import { admin, asCaller, eventually, SignalsHouse } from '../../testing/signals-house.ts';

let h: SignalsHouse;
let token: string;
beforeAll(async () => {
  h = await SignalsHouse.open();
  token = await h.add('idp');
});
afterAll(() => h[Symbol.asyncDispose]());
beforeEach(() => {
  h.signalled.length = 0;
  h.identity = 'answers';
});

const users = '/scim/v2/Users';
const groups = '/scim/v2/Groups';
const scim = (method: string, path: string, body?: unknown) => h.ask(method, path, token, body);
let serial = 0;
/** Somebody of the inventory, and their user in the directory. */
async function somebody(make: (userName: string, externalId: string) => object = entra.create): Promise<{ readonly name: string; readonly id: string; readonly userName: string; readonly externalId: string }> {
  const name = `person-${++serial}`;
  const [userName, externalId] = [`${name}@Bank.example`, `00u${serial}`];
  await h.know(name, [externalId]);
  const { status, body } = await scim('POST', users, make(userName, externalId));
  expect(status).toBe(201);
  return { name, id: String(body['id']), userName, externalId };
}
const told = (...words: string[]) => eventually(words.join(', '), () => JSON.stringify(h.words) === JSON.stringify(words));

describe('a leaver in a directory', () => {
  it.each([
    ['Entra, `"False"` and capitals', entra.create, 'PATCH', entra.disable],
    ['Entra, conforming', entra.create, 'PATCH', entra.disableConforming],
    ['Entra, without a path and with dotted names', entra.create, 'PATCH', entra.pathless],
    ['Okta, without a path', okta.create, 'PATCH', okta.disable],
    ['deleted', entra.create, 'DELETE', undefined],
  ])('is told to identity: %s', async (_how, create, method, body) => {
    const { name, id } = await somebody(create);
    const { status } = await scim(method, `${users}/${id}`, body);
    expect(status).toBe(method === 'DELETE' ? 204 : 200);
    await told(`left ${name}`);
    expect(h.signalled[0]).toMatchObject({ source: 'scim', kind: 'left', ref: expect.stringMatching(/^00u/), reason: expect.stringContaining('idp') });
  });

  it('is told by a PUT too, once, however often the directory says it', async () => {
    const { name, id, userName, externalId } = await somebody(okta.create);
    for (let i = 0; i < 3; i++) expect((await scim('PUT', `${users}/${id}`, okta.put(id, userName, externalId, false))).body).toMatchObject({ id, active: false });
    await told(`left ${name}`);
    await scim('PATCH', `${users}/${id}`, entra.disable);
    await scim('DELETE', `${users}/${id}`);
    await new Promise((done) => setTimeout(done, 300));
    expect(h.words).toEqual([`left ${name}`]);
  });

  it('comes back when active again, also as a new user after having been deleted', async () => {
    const { name, id, userName, externalId } = await somebody();
    await scim('PATCH', `${users}/${id}`, entra.disable);
    await scim('PATCH', `${users}/${id}`, entra.enable);
    await told(`left ${name}`, `returned ${name}`);
    await scim('DELETE', `${users}/${id}`);
    expect((await scim('POST', users, entra.create(userName, externalId))).status).toBe(201);
    await told(`left ${name}`, `returned ${name}`, `left ${name}`, `returned ${name}`);
  });

  it('is found by any of the ids that a directory has for them, and by the name that they lose', async () => {
    await h.know('by-user-name', ['Renata@bank.example']);
    const { body } = await scim('POST', users, entra.create('Renata@bank.example', 'x-1'));
    await scim('PATCH', `${users}/${String(body['id'])}`, { schemas: [patchOp], Operations: [{ op: 'Replace', path: 'userName', value: 'gone@bank.example' }, { op: 'Replace', path: 'active', value: 'False' }] });
    await told('left by-user-name');
  });

  it('who is nobody of the inventory is told once, as a stranger, and when they come into it later', async () => {
    const { body } = await scim('POST', users, entra.create('stranger@bank.example', 's-1'));
    await scim('PATCH', `${users}/${String(body['id'])}`, entra.disable);
    await told('left s-1');
    await scim('DELETE', `${users}/${String(body['id'])}`);
    await h.know('late', ['s-1']);
    await told('left s-1', 'left late');
    await h.know('late', ['s-1', 's-2']);
    await new Promise((done) => setTimeout(done, 400));
    expect(h.words).toEqual(['left s-1', 'left late']);
  });

  it('of one directory who is still active in another comes back only when neither says so any more', async () => {
    const other = await h.add('other-idp');
    const { name, id, userName, externalId } = await somebody();
    const second = await h.ask('POST', users, other, okta.create(userName, externalId));
    await scim('PATCH', `${users}/${id}`, entra.disable);
    await h.ask('PATCH', `${users}/${String(second.body['id'])}`, other, okta.disable);
    await scim('PATCH', `${users}/${id}`, entra.enable);
    await told(`left ${name}`, `left ${name}`);
    await eventually('the second word is kept', async () => (await h.sql(`select 1 from governance.signal where outcome like 'another directory%'`)).length === 1);
    await h.ask('PATCH', `${users}/${String(second.body['id'])}`, other, okta.enable);
    await told(`left ${name}`, `left ${name}`, `returned ${name}`);
  });

  it('leaves an event for each change, in the transaction of it, and no name or address in it besides ids', async () => {
    const { name, id, externalId } = await somebody();
    await scim('PATCH', `${users}/${id}`, entra.disable);
    const events = (await h.events('signal.received')).filter(({ d }) => d['ref'] === externalId);
    expect(events).toMatchObject([
      { who: { id: 'directory:idp' }, d: { source: 'scim', kind: 'user.created', person: name, outcome: 'kept' } },
      { who: { id: 'directory:idp' }, d: { source: 'scim', kind: 'user.deactivated', person: name, outcome: 'identity is told: left' } },
    ]);
    const kept = JSON.stringify(await h.sql('select u::text as all from governance.directory_user u'));
    for (const word of ['familyName', 'Finance', 'givenName', '1mz050nq']) expect(kept).not.toContain(word);
  });
});

describe('a word to identity', () => {
  it('waits while identity is away, outlives a restart, keeps its order, and is answered to the directory at once', async () => {
    const [a, b] = [await somebody(), await somebody()];
    h.identity = 'is silent';
    for (const { id } of [a, b]) expect((await scim('PATCH', `${users}/${id}`, entra.disable)).status).toBe(200);
    expect((await scim('PATCH', `${users}/${a.id}`, entra.enable)).status).toBe(200);
    await h.stop();
    h.identity = { fails: 'unavailable' };
    await h.start();
    await eventually('it was tried', async () => (await h.sql('select 1 from governance.signal where told_at is null and attempts > 0')).length > 0);
    expect(h.words).toEqual([]);
    const waiting = await h.console.call(governanceSignals, { by: admin, pending: true, before: null, limit: 10 });
    expect(waiting).toMatchObject({ ok: true, value: { pending: 3, total: 3, signals: [{ kind: 'returned' }, { kind: 'left' }, { kind: 'left', outcome: 'identity does not answer' }] } });
    h.identity = 'answers';
    await eventually('all are told', () => h.words.length >= 3);
    expect(h.words.toSorted()).toEqual([`left ${a.name}`, `left ${b.name}`, `returned ${a.name}`].toSorted());
    expect(h.words.indexOf(`left ${a.name}`)).toBeLessThan(h.words.indexOf(`returned ${a.name}`));
    expect(await h.sql('select ids from governance.signal where ids <> array[]::text[]')).toEqual([]);
  }, 60_000);

  it('that identity refuses holds up nobody else', async () => {
    const [a, b] = [await somebody(), await somebody()];
    h.identity = { fails: 'invalid' };
    await scim('PATCH', `${users}/${a.id}`, entra.disable);
    await eventually('it was refused', async () => (await h.sql(`select 1 from governance.signal where outcome = 'identity refuses it: invalid'`)).length > 0);
    h.identity = 'answers';
    await scim('PATCH', `${users}/${b.id}`, entra.disable);
    await eventually('both are told', () => h.words.includes(`left ${a.name}`) && h.words.includes(`left ${b.name}`));
    expect(h.words[0]).toBe(`left ${b.name}`);
  });

  it('is not written when the change cannot be, and the directory is told to try again', async () => {
    const { name, id } = await somebody();
    await h.sql(`create function governance.no() returns trigger language plpgsql as $$ begin raise exception 'no events now'; end $$; create trigger muted before insert on governance.outbox for each row execute function governance.no()`);
    try {
      const { status, headers, body } = await scim('PATCH', `${users}/${id}`, entra.disable);
      expect([status, headers.get('retry-after'), body['status']]).toEqual([503, '2', '503']);
      expect(await h.sql(`select active from governance.directory_user where id = '${id}'`)).toEqual([{ active: true }]);
    } finally {
      await h.sql('drop trigger muted on governance.outbox; drop function governance.no()');
    }
    expect(h.words).toEqual([]);
    await scim('PATCH', `${users}/${id}`, entra.disable);
    await told(`left ${name}`);
  });

  it('is one of each, when twenty requests say the same at once', async () => {
    const { name, id } = await somebody();
    const answers = await Promise.all(Array.from({ length: 20 }, () => scim('PATCH', `${users}/${id}`, entra.disable)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    await told(`left ${name}`);
  });
});

describe('the rest of what vendors send', () => {
  it('is taken: attributes that are not kept, and the test connection of both', async () => {
    const { id } = await somebody();
    expect(await scim('PATCH', `${users}/${id}`, entra.manyAttributes)).toMatchObject({ status: 200, body: { id, active: true } });
    // Entra asks for somebody who cannot be there, Okta for the first page.
    expect(await scim('GET', `${users}?filter=userName%20eq%20%22non-existent%22`)).toMatchObject({ status: 200, body: { totalResults: 0, Resources: [] } });
    expect(await scim('GET', `${users}?startIndex=1&count=2`)).toMatchObject({ status: 200, body: { startIndex: 1, itemsPerPage: 2 } });
  });

  it('can write groups and read them back, by either’s way', async () => {
    const [a, b] = [await somebody(), await somebody()];
    const made = await scim('POST', groups, entra.createGroup('Auditors', 'g-1'));
    const id = String(made.body['id']);
    expect(made).toMatchObject({ status: 201, body: { displayName: 'Auditors', externalId: 'g-1' } });
    const members = async () => {
      const { body } = await scim('GET', `${groups}/${id}`);
      return (Array.isArray(body['members']) ? body['members'] : []).map(({ value }) => value === a.id ? 'a' : value === b.id ? 'b' : '?').sort().join('');
    };
    for (const [body, after] of [
      [entra.addMember(a.id), 'a'], [entra.addMember(a.id), 'a'], [okta.addMembers(a.id, b.id), 'ab'], [entra.removeMember(a.id), 'b'], [okta.replaceMembers(a.id, b.id), 'ab'], [okta.removeMember(b.id), 'a'], [okta.renameGroup(id, 'Readers'), 'a'],
    ] as const) {
      expect((await scim('PATCH', `${groups}/${id}`, body)).status).toBe(200);
      expect(await members()).toBe(after);
    }
    expect(await scim('GET', `${groups}/${id}?excludedAttributes=members`)).toMatchObject({ body: expect.not.objectContaining({ members: expect.anything() }) });
    expect(await scim('GET', `${groups}?filter=${encodeURIComponent(`id eq "${id}" and members eq "${a.id}"`)}`)).toMatchObject({ body: { totalResults: 1 } });
    expect(await scim('GET', `${groups}?filter=${encodeURIComponent('displayName eq "readers"')}&excludedAttributes=members`)).toMatchObject({ body: { totalResults: 1, Resources: [{ id, displayName: 'Readers' }] } });
    expect((await scim('PATCH', `${groups}/${id}`, entra.addMember('0190aaaa-0000-7000-8000-000000000001'))).body).toMatchObject({ scimType: 'invalidValue' });
    await scim('DELETE', `${users}/${a.id}`);
    expect(await members()).toBe('');
    expect((await scim('DELETE', `${groups}/${id}`)).status).toBe(204);
  });
});

/** RFC 7644, request by request. */
describe('RFC 7644', () => {
  let id: string;
  let name: string;
  beforeAll(async () => {
    const made = await somebody(okta.create);
    [id, name] = [made.id, made.userName];
  });
  const at = (path: string) => path.replace(':id', id).replace(':name', encodeURIComponent(`userName eq "${name}"`));
  const errorOf = (status: number, scimType?: string) => ({ status, body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: String(status), detail: expect.any(String), ...(scimType === undefined ? {} : { scimType }) } });
  const core = 'urn:ietf:params:scim:schemas:core:2.0:User';
  const list = (totalResults: unknown) => ({ status: 200, body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'], totalResults } });
  const operations = (...Operations: object[]) => ({ schemas: [patchOp], Operations });
  const nobody = '0190aaaa-0000-7000-8000-00000000000f';

  it.each([
    ['3.3', 'POST', users, { userName: 'x' }, errorOf(400, 'invalidSyntax')],
    ['3.3', 'POST', users, { schemas: [core] }, errorOf(400, 'invalidValue')],
    ['3.3', 'POST', users, { schemas: [core], userName: '' }, errorOf(400, 'invalidValue')],
    ['3.3', 'POST', users, { schemas: [core], userName: { a: 1 } }, errorOf(400, 'invalidValue')],
    ['3.3', 'POST', users, { schemas: [core], userName: 'y'.repeat(321) }, errorOf(400, 'invalidValue')],
    ['3.3', 'POST', users, { schemas: [core], userName: 'a\u0000b' }, errorOf(400, 'invalidValue')],
    ['3.3', 'POST', users, { schemas: [core], userName: 'z', active: 'maybe' }, errorOf(400, 'invalidValue')],
    ['3.3', 'POST', users, '[]', errorOf(400, 'invalidSyntax')],
    ['3.3', 'POST', users, '{', errorOf(400, 'invalidSyntax')],
    ['3.3', 'POST', users, 'null', errorOf(400, 'invalidSyntax')],
    ['3.4.1', 'GET', `${users}/:id`, undefined, { status: 200, body: { id: expect.any(String), schemas: [core], active: true, meta: { resourceType: 'User', location: expect.stringMatching(/^https:\/\/localhost:\d+\/scim\/v2\/Users\/[0-9a-f-]{36}$/) } } }],
    ['3.4.1', 'GET', `${users}/${nobody}`, undefined, errorOf(404)],
    ['3.4.1', 'GET', `${users}/${encodeURIComponent("' or 1=1")}`, undefined, errorOf(404)],
    ['3.4.2', 'GET', `${users}?filter=:name`, undefined, list(1)],
    ['3.4.2', 'GET', `${users}?filter=${encodeURIComponent('userName eq "NOBODY"')}`, undefined, list(0)],
    ['3.4.2', 'GET', `${users}?filter=${encodeURIComponent('externalId eq "none" or userName eq "none"')}`, undefined, list(0)],
    ['3.4.2', 'GET', `${users}?filter=${encodeURIComponent('active eq true')}&count=0`, undefined, { status: 200, body: { Resources: [], itemsPerPage: 0, totalResults: expect.any(Number) } }],
    ['3.4.2', 'GET', `${users}?filter=${encodeURIComponent('userName sw "a"')}`, undefined, errorOf(400, 'invalidFilter')],
    ['3.4.2', 'GET', `${users}?filter=${encodeURIComponent('not (userName eq "a")')}`, undefined, errorOf(400, 'invalidFilter')],
    ['3.4.2', 'GET', `${users}?filter=${encodeURIComponent('emails[type eq "work"].value eq "a"')}`, undefined, errorOf(400, 'invalidFilter')],
    ['3.4.2', 'GET', `${users}?filter=${encodeURIComponent('userName pr')}`, undefined, errorOf(400, 'invalidFilter')],
    ['3.4.2', 'GET', `${users}?filter=garbage`, undefined, errorOf(400, 'invalidFilter')],
    ['3.4.2', 'GET', `${users}?filter=${'('.repeat(2000)}`, undefined, errorOf(400, 'invalidFilter')],
    ['3.4.2.4', 'GET', `${users}?startIndex=-5&count=-1`, undefined, { status: 200, body: { startIndex: 1, itemsPerPage: 0 } }],
    ['3.4.2.4', 'GET', `${users}?startIndex=1000000&count=1000000`, undefined, { status: 200, body: { Resources: [], itemsPerPage: 0 } }],
    ['3.4.2.4', 'GET', `${users}?startIndex=one`, undefined, errorOf(400, 'invalidValue')],
    ['3.4.3', 'POST', `${users}/.search`, { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'], filter: 'userName eq "none"', startIndex: 1, count: 10 }, list(0)],
    ['3.5.1', 'PUT', `${users}/${nobody}`, { schemas: [core], userName: 'q' }, errorOf(404)],
    ['3.5.2', 'PATCH', `${users}/${nobody}`, operations({ op: 'replace', path: 'active', value: false }), errorOf(404)],
    ['3.5.2', 'PATCH', `${users}/:id`, { Operations: [{ op: 'replace', path: 'active', value: true }] }, errorOf(400, 'invalidSyntax')],
    ['3.5.2', 'PATCH', `${users}/:id`, operations(), errorOf(400, 'invalidSyntax')],
    ['3.5.2', 'PATCH', `${users}/:id`, { schemas: [patchOp], Operations: [null] }, errorOf(400)],
    ['3.5.2', 'PATCH', `${users}/:id`, operations({ op: 'move', path: 'active', value: true }), errorOf(400, 'invalidSyntax')],
    ['3.5.2', 'PATCH', `${users}/:id`, operations({ op: 'replace', path: 'nonsense', value: true }), errorOf(400, 'invalidPath')],
    ['3.5.2', 'PATCH', `${users}/:id`, operations({ op: 'replace', path: 'active[', value: true }), errorOf(400, 'invalidPath')],
    ['3.5.2', 'PATCH', `${users}/:id`, operations({ op: 'replace', path: 'active', value: 'perhaps' }), errorOf(400, 'invalidValue')],
    ['3.5.2', 'PATCH', `${users}/:id`, operations({ op: 'remove' }), errorOf(400, 'noTarget')],
    ['3.5.2', 'PATCH', `${users}/:id`, operations({ op: 'remove', path: 'userName' }), errorOf(400, 'invalidValue')],
    ['3.5.2', 'PATCH', `${users}/:id`, operations({ op: 'add', path: 'nickName', value: 'Bo' }), { status: 200, body: { active: true } }],
    ['3.5.2', 'PATCH', `${users}/:id`, operations({ op: 'replace', path: `${core}:active`, value: true }), { status: 200, body: { active: true } }],
    ['3.6', 'DELETE', `${users}/${nobody}`, undefined, errorOf(404)],
    ['3.7', 'POST', '/scim/v2/Bulk', {}, errorOf(501)],
    ['3.9', 'GET', `${users}/:id?attributes=userName`, undefined, { status: 200, body: { userName: expect.any(String), id: expect.any(String) } }],
    ['3.11', 'GET', '/scim/v2/Me', undefined, errorOf(501)],
    ['3.2', 'PUT', users, {}, errorOf(405)],
    ['3.2', 'GET', '/scim/v2/Machines', undefined, errorOf(404)],
    ['4', 'GET', '/scim/v2/ServiceProviderConfig', undefined, { status: 200, body: { patch: { supported: true }, bulk: { supported: false }, filter: { supported: true, maxResults: 200 }, authenticationSchemes: [{ type: 'oauthbearertoken' }] } }],
    ['4', 'GET', '/scim/v2/ResourceTypes', undefined, list(2)],
    ['4', 'GET', '/scim/v2/ResourceTypes/User', undefined, { status: 200, body: { endpoint: '/Users', schema: core } }],
    ['4', 'GET', '/scim/v2/Schemas', undefined, list(3)],
    ['4', 'GET', `/scim/v2/Schemas/${core}`, undefined, { status: 200, body: { id: core } }],
    ['4', 'GET', '/scim/v2/Schemas/none', undefined, errorOf(404)],
    ['4', 'GET', '/scim/v2/Schemas?filter=x', undefined, errorOf(403)],
    ['4', 'POST', '/scim/v2/Schemas', {}, errorOf(405)],
  ])('section %s: %s %s %j', async (_section, method, path, body, expected) => {
    expect(await scim(method, at(path), body)).toMatchObject(expected);
  });

  it('section 3.3: says where a new user is, and refuses a second of its name in whatever case', async () => {
    const made = await scim('POST', users, okta.create('Twice@bank.example', 't-1'));
    expect([made.status, made.headers.get('location'), made.headers.get('content-type')]).toEqual([201, `${h.url}${users}/${String(made.body['id'])}`, 'application/scim+json']);
    expect(await scim('POST', users, okta.create('twice@BANK.example', 't-2'))).toMatchObject(errorOf(409, 'uniqueness'));
    expect(await scim('PUT', at(`${users}/:id`), okta.put(id, 'TWICE@bank.example', 't-3', true))).toMatchObject(errorOf(409, 'uniqueness'));
  });

  it('section 3.4.2.4: pages are complete and in one order', async () => {
    const all = await scim('GET', `${users}?count=200`);
    const ids = (body: Readonly<Record<string, unknown>>) => (Array.isArray(body['Resources']) ? body['Resources'] : []).map((one) => String(one.id));
    const seen: string[] = [];
    for (let startIndex = 1; startIndex <= Number(all.body['totalResults']); startIndex += 3) seen.push(...ids((await scim('GET', `${users}?startIndex=${startIndex}&count=3`)).body));
    expect(seen).toEqual(ids(all.body));
    expect(new Set(seen).size).toBe(all.body['totalResults']);
  });

  it('section 3.1: the body must be JSON by its type', async () => {
    expect(await h.ask('POST', users, token, '<xml/>', 'text/xml')).toMatchObject(errorOf(415));
    expect((await h.ask('POST', users, token, okta.create('json@bank.example', 'j'), 'application/json; charset=utf-8')).status).toBe(201);
  });
});

describe('the door', () => {
  it('knows nobody without the token, another directory’s users no more than its own kind', async () => {
    const other = await h.add('third-idp');
    const { id } = await somebody();
    for (const [path, method] of [[`${users}/${id}`, 'GET'], [`${users}/${id}`, 'PATCH'], [`${users}/${id}`, 'DELETE']] as const) {
      expect((await h.ask(method, path, other, method === 'PATCH' ? entra.disable : undefined)).status).toBe(404);
    }
    expect((await h.ask('GET', users, other)).body).toMatchObject({ totalResults: 0 });
    for (const wrong of [null, 'x', other.slice(0, -1), `${other}a`, other.toUpperCase()]) expect(await h.ask('GET', users, wrong)).toMatchObject({ status: 401, body: { status: '401' } });
    expect((await h.ask('POST', '/ssf/v1/events', other, 'x', 'application/secevent+jwt')).status).toBe(401);
    expect((await h.ask('GET', '/nothing', other)).status).toBe(404);
    const [recorded] = await h.events('auth.failed');
    expect(recorded).toMatchObject({ d: { code: 'directory-token-unknown', door: 'scim', source: '127.0.0.1' } });
  });

  it('slows down strangers and no directory for it, and takes no more than 1 MiB', async () => {
    let slowed: Awaited<ReturnType<SignalsHouse['ask']>> | null = null;
    for (let i = 0; i < 12; i++) slowed = await h.ask('GET', users, 'guess');
    expect([slowed?.status, Number(slowed?.headers.get('retry-after'))]).toEqual([429, 1]);
    expect((await h.ask('GET', users, token)).status).toBe(200);
    expect((await h.events('auth.failed')).length).toBeLessThan(3);
    expect(await scim('POST', users, { ...okta.create('big@bank.example', 'b'), title: 'x'.repeat(1024 * 1024) })).toMatchObject({ status: 413, body: { status: '413' } });
  });

  it('takes no token that was replaced or revoked, from that moment on', async () => {
    const first = await h.add('fourth-idp');
    const second = 'sld_second';
    expect(await h.console.call(governanceDirectoryRotate, { by: admin, name: 'fourth-idp', tokenHash: createHash('sha256').update(second).digest('hex') })).toMatchObject({ ok: true, value: { directory: { state: 'active' } } });
    expect([(await h.ask('GET', users, first)).status === 200, (await h.ask('GET', users, second)).status]).toEqual([false, 200]);
    expect(await h.console.call(governanceDirectoryRevoke, { by: admin, name: 'fourth-idp' })).toMatchObject({ ok: true, value: { directory: { state: 'revoked' } } });
    expect((await h.ask('GET', users, second)).status).not.toBe(200);
  });

  it('is an administrator’s to give, and each try leaves an event', async () => {
    const tokenHash = '0'.repeat(64);
    expect(await h.console.call(governanceDirectoryAdd, { by: asCaller('olga', 'operator'), name: 'mine', tokenHash })).toMatchObject({ ok: false, error: { code: 'denied' } });
    expect(await h.console.call(governanceDirectoryAdd, { by: admin, name: 'idp', tokenHash })).toMatchObject({ ok: false, error: { code: 'exists' } });
    expect(await h.console.call(governanceDirectoryRevoke, { by: admin, name: 'none' })).toMatchObject({ ok: false, error: { code: 'not-found' } });
    expect(await h.console.call(governanceDirectories, { by: asCaller('ann', 'auditor') })).toMatchObject({ ok: true, value: { directories: expect.arrayContaining([expect.objectContaining({ name: 'idp', kind: 'scim', users: expect.any(Number), seen: expect.any(String) })]) } });
    expect(await h.console.call(governanceDirectories, { by: asCaller('nobody') })).toMatchObject({ ok: false, error: { code: 'denied' } });
    expect((await h.events('operator.acted')).slice(-3).map(({ who, d }) => `${who?.id ?? ''} ${String(d['action'])} ${String(d['object'])} ${String(d['code'])}`)).toEqual([
      'person:olga directory.add mine denied', 'person:root directory.add idp exists', 'person:root directory.revoke none not-found',
    ]);
  });

  it('withstands bodies that nobody means', async () => {
    const { id } = await somebody();
    const pieces = ['null', '0', '""', '[]', '{}', '[[]]', '{"a":{}}', 'true', '"False"', '[{"value":null}]', '{"__proto__":{"active":false}}', '"\\ud800"', '1e999', '[{"value":"members"}]', '{"constructor":1}'];
    for (const value of pieces) {
      for (const body of [value, `{"schemas":${value},"Operations":${value}}`, `{"schemas":["${patchOp}"],"Operations":[{"op":"replace","path":"active","value":${value}}]}`, `{"schemas":["${patchOp}"],"Operations":[{"op":"replace","path":${value},"value":${value}}]}`, `{"schemas":["${patchOp}"],"Operations":[{"op":${value},"value":{"externalId":${value}}}]}`, `{"schemas":["${patchOp}"],"Operations":${value}}`]) {
        const { status } = await scim('PATCH', `${users}/${id}`, body);
        expect([200, 400], body).toContain(status);
      }
      for (const body of [`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":${value},"externalId":${value}}`, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"g","members":${value}}`]) {
        expect([201, 400, 409], body).toContain((await scim('POST', body.includes('Group') ? groups : users, body)).status);
      }
    }
  });
});
