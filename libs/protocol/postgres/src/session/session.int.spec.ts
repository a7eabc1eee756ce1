import { resourceName, type Decision, type Understanding } from '@sallyport/domain-model';
import { allow, deny, type FakePorts } from '@sallyport/testing-kit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { b, c, d, e, extended, h, p, q, s } from '../testing/wire-scripts.ts';
import { openWorld, startTarget, type Target18, type World } from '../testing/world.ts';
import type { WireClient } from '../testing/wire-client.ts';

const setup = `
  create schema ledger;
  create table ledger.entries (id int primary key, note text);
  insert into ledger.entries select n, 'note ' || n from generate_series(1, 5) n;
  create table public.scratch (id int);
  alter role svc_gateway_7f3 set search_path = ledger, public`;

let target: Target18;
let world: World;
let client: WireClient;

beforeAll(async () => {
  target = await startTarget('embedded', setup);
  world = await openWorld(target);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await target[Symbol.asyncDispose]();
});

describe('a session without a mask plan', () => {
  beforeEach(async () => {
    client = await world.connect();
    return async () => {
      await client[Symbol.asyncDispose]();
    };
  });

  it('answers a simple query', async () => {
    expect(await client.ask(q('select id, note from entries order by id limit 1'))).toEqual(['T id,note', 'D 1,note 1', 'C SELECT 1', 'Z I']);
  });
});
