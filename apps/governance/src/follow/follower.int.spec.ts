import { openStore, type Store } from '@sallyport/platform-store';
import { silentLog } from '@sallyport/platform-telemetry';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Bus } from '@sallyport/platform-bus';
import type { GovernanceDatabase } from '../store/database.ts';
import { House } from '../testing/house.ts';
import { Follower } from './follower.ts';
import type { Reader } from './reader.ts';

let house: House;
let store: Store<GovernanceDatabase>;
let bus: Bus;
const running: Follower[] = [];
/** What was read, in the database, so that it stands or falls with the transaction. */
const seen = async () => (await house.sql('select leaf from governance.seen order by no')).map(({ leaf }) => Number(leaf));

const keeper: Reader = {
  name: 'keeper',
  take: async (trx, page) => {
    for (const { leaf, event } of page) {
      if (event.type === 'log.gap') throw new TypeError('a fault of ours');
      await trx.withTables<{ seen: { leaf: number } }>().insertInto('seen').values({ leaf }).execute();
    }
  },
};

function follow(readers: readonly Reader[] = [keeper]): Follower {
  const follower = new Follower({ store, bus, readers, log: silentLog, idleMs: 10 });
  running.push(follower);
  follower.start();
  return follower;
}
const stop = async () => {
  for (const one of running.splice(0)) await one.stop();
};
const tell = (count: number) => {
  for (let i = 0; i < count; i++) house.ledger.tell('entitlement.used', { entitlement: 'e', session: `s${Math.random()}`, machine: 'm', left: null });
};
const leaves = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

beforeAll(async () => {
  house = await House.open();
  bus = await house.nats.connect('governance');
  store = openStore<GovernanceDatabase>({ dsn: house.database.dsn('governance'), schema: 'governance', log: silentLog });
  await house.sql('create table governance.seen (no bigserial primary key, leaf bigint); grant insert on governance.seen to sallyport_governance; grant usage on sequence governance.seen_no_seq to sallyport_governance');
});
beforeEach(async () => {
  house.ledger.setBack(0);
  house.ledger.most = 1000;
  await house.sql('truncate governance.seen, governance.follow_mark, governance.follow_skipped; update governance.follow_cursor set next_leaf = 0, ledger_size = 0');
});
afterEach(stop);
afterAll(async () => {
  await stop();
  await store.close();
  await house[Symbol.asyncDispose]();
});

describe('the ledger', () => {
  it('is read leaf by leaf, over pages that end by their bytes, and tells how far', async () => {
    house.ledger.most = 7;
    tell(100);
    const follower = follow();
    await house.read();
    expect(await seen()).toEqual(leaves(0, 100));
    expect(await follower.status()).toEqual({ next: 100, lag: 0 });
  });

  it('is read by one process at a time, each leaf once', async () => {
    house.ledger.most = 5;
    for (let i = 0; i < 4; i++) follow();
    for (let i = 0; i < 10; i++) {
      tell(20);
      await new Promise((done) => setTimeout(done, 20));
    }
    await house.read();
    expect(await seen()).toEqual(leaves(0, 200));
  });

  it('is read on after a restart, and what a page led to stands or falls with the cursor', async () => {
    tell(10);
    const broken: Reader = {
      name: 'broken',
      take: async (trx) => {
        await trx.withTables<{ nothing: { leaf: number } }>().insertInto('nothing').values({ leaf: 1 }).execute();
      },
    };
    follow([keeper, broken]);
    await new Promise((done) => setTimeout(done, 300));
    // A table that is missing is no fault of a leaf: nothing is passed over.
    expect([await seen(), await house.sql('select * from governance.follow_skipped')]).toEqual([[], []]);
    await stop();
    follow();
    await house.read();
    await stop();
    tell(10);
    follow();
    await house.read();
    expect(await seen()).toEqual(leaves(0, 20));
  });

  it('does not stop for ever at a leaf that is no event, or at one that a reader cannot take', async () => {
    tell(3);
    house.ledger.add(Buffer.from('{"v":1,"type":'));
    house.ledger.add(Buffer.from('[]'));
    tell(2);
    house.ledger.tell('log.gap', { producer: 'p', epoch: 'e', from: 1, to: 2 });
    tell(3);
    const other: number[] = [];
    follow([keeper, { name: 'other', take: async (_trx, page) => void other.push(...page.map(({ leaf }) => leaf)) }]);
    await house.read();
    expect(await seen()).toEqual([0, 1, 2, 5, 6, 8, 9, 10]);
    expect(other).toEqual([0, 1, 2, 5, 6, 7, 8, 9, 10]);
    expect(await house.sql('select leaf::int, reader, why from governance.follow_skipped order by leaf')).toEqual([
      { leaf: 3, reader: '*', why: 'SyntaxError' }, { leaf: 4, reader: '*', why: 'SyntaxError' }, { leaf: 7, reader: 'keeper', why: 'TypeError' },
    ]);
  });

  it('passes a body that is gone by policy over without a word', async () => {
    tell(5);
    const [first] = house.ledger.leaves;
    if (first !== undefined) house.ledger.leaves[0] = { ...first, bytes: null };
    follow();
    await house.read();
    expect([await seen(), await house.sql('select * from governance.follow_skipped')]).toEqual([leaves(1, 5), []]);
  });
});

describe('a ledger that was set back', () => {
  it.each([[2300, 1777, 40], [2300, 2299, 1], [2300, 5, 3000], [2300, 1000, 1], [50, 0, 10]])('%i leaves, to %i, and %i others: what is another leaf is read anew, nothing twice', async (before, to, after) => {
    tell(before);
    follow();
    await house.read();
    house.ledger.setBack(to);
    tell(after);
    await expect.poll(async () => (await seen()).length).toBe(before + after);
    expect((await seen()).slice(before)).toEqual(leaves(to, to + after));
  });

  it('is not taken for another while it only grew, or lost bodies by policy', async () => {
    tell(30);
    follow();
    await house.read();
    house.ledger.leaves = house.ledger.leaves.map((leaf) => ({ ...leaf, bytes: null, sha256: null, event: null }));
    tell(5);
    await house.read();
    expect(await seen()).toEqual(leaves(0, 35));
  });
});
