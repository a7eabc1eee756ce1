import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approvalsConsume, approvalsOpen, approvalsShow, approvalsVote, approvalsWithdraw, type Caller, type Reply } from '@sallyport/platform-bus';
import { eventually } from './testing/eventually.ts';
import { house, person, putMachine, request, type House } from './testing/house.ts';

/** The life of an approval where several things happen at once, with two processes of the service on one database and bus. */
let h: House;
let stopSecond: () => Promise<void>;
beforeAll(async () => {
  h = await house();
  stopSecond = await h.another();
  const bucket = await h.identity.kv('inventory');
  await bucket.put('approvers.ops', { spec: { members: ['alice', 'bob', 'pete'] } });
  await eventually(async () => expect(code(await h.gateway.call(approvalsOpen, ops(3)))).toBe('ok'));
});
afterAll(async () => {
  await stopSecond();
  await h[Symbol.asyncDispose]();
});

const value = <T>(reply: Reply<T>): T => {
  if (!reply.ok) throw new Error(`${reply.error.code}: ${reply.error.say}`);
  return reply.value;
};
const code = (reply: Reply<unknown>) => (reply.ok ? 'ok' : reply.error.code);
const ops = (count: number, change: Parameters<typeof request>[0] = {}) => request({ quorum: [{ group: 'ops', count }], ...change });
const caller = (name: string): Caller => ({ ...person(name), groups: ['ops', 'dba'] });
const vote = (approval: string, name: string, what: 'approve' | 'reject' = 'approve') => h.console.call(approvalsVote, { by: caller(name), approval, vote: what, comment: null });
const show = async (approval: string) => value(await h.console.call(approvalsShow, { by: caller('alice'), approval }));
const types = async (approval: string, ...wanted: string[]) => (await h.evidence(approval)).filter((type) => wanted.includes(type));

async function open(count: number, change: Parameters<typeof request>[0] = {}) {
  const asked = ops(count, change);
  const { approval } = value(await h.gateway.call(approvalsOpen, asked));
  return { approval, consume: () => h.gateway.call(approvalsConsume, { approval, session: asked.session, command: asked.command, binding: asked.binding }) };
}

/** Puts a person out of the inventory's active ones, or back, and waits until both processes know. */
async function active(name: string, yes: boolean): Promise<void> {
  const bucket = await h.identity.kv('inventory');
  await bucket.put(`person.${name}`, { spec: { active: yes } });
  const probes = await Promise.all(Array.from({ length: 12 }, () => open(1)));
  await eventually(async () => {
    const codes = await Promise.all(probes.map(({ approval }) => vote(approval, name)));
    for (const one of codes.map(code)) expect(['ok', 'already-voted']).toContain(yes ? one : one === 'not-an-approver' ? 'ok' : one);
  });
}

describe('two approvers at once', () => {
  it('of whom one is enough: one yes counts, the other is told that it is over, and it is granted once', async () => {
    for (let round = 0; round < 20; round++) {
      const { approval, consume } = await open(1);
      const codes = (await Promise.all([vote(approval, 'alice'), vote(approval, 'bob')])).map(code);
      expect(codes.toSorted()).toEqual(['not-pending', 'ok']);
      expect(await types(approval, 'approval.voted', 'approval.granted')).toEqual(['approval.voted', 'approval.granted']);
      expect(value(await consume()).by).toEqual([codes[0] === 'ok' ? 'alice' : 'bob']);
    }
  });

  it('of whom both are needed: both count, it is granted once, by both', async () => {
    for (let round = 0; round < 20; round++) {
      const { approval, consume } = await open(2);
      expect((await Promise.all([vote(approval, 'alice'), vote(approval, 'bob')])).map(code)).toEqual(['ok', 'ok']);
      expect(await types(approval, 'approval.granted')).toHaveLength(1);
      expect(value(await consume()).by.toSorted()).toEqual(['alice', 'bob']);
    }
  });

  it('who disagree: a no that comes first ends it, one that comes second is too late, and never is it both', async () => {
    for (let round = 0; round < 20; round++) {
      const { approval, consume } = await open(1);
      const [yes, no] = (await Promise.all([vote(approval, 'alice'), vote(approval, 'bob', 'reject')])).map(code);
      expect([yes, no].toSorted()).toEqual(['not-pending', 'ok']);
      expect((await show(approval)).state).toBe(yes === 'ok' ? 'approved' : 'rejected');
      expect(code(await consume())).toBe(yes === 'ok' ? 'ok' : 'not-approved');
    }
  });

  it('while the client goes away: either it was withdrawn before it was approved, or after, and is never spent', async () => {
    for (let round = 0; round < 20; round++) {
      const { approval, consume } = await open(1);
      await Promise.all([vote(approval, 'alice'), h.gateway.call(approvalsWithdraw, { approval, why: 'the client went away' })]);
      expect((await show(approval)).state).toBe('withdrawn');
      expect(code(await consume())).toBe('not-approved');
    }
  });
});

describe('an approver who leaves between vote and quorum', () => {
  it('counts no more: somebody else has to say yes, and the grant names only those who were there', async () => {
    const { approval, consume } = await open(2);
    value(await vote(approval, 'alice'));
    await active('alice', false);
    try {
      expect(value(await vote(approval, 'bob')).state).toBe('pending');
      expect(code(await consume())).toBe('not-approved');
      expect(value(await vote(approval, 'pete')).state).toBe('approved');
      expect(value(await consume()).by).toEqual(['bob', 'pete']);
    } finally {
      await active('alice', true);
    }
  });

  it('and leaves too few behind: it expires, and nothing runs', async () => {
    const { approval, consume } = await open(3, { expiresIn: 600 });
    value(await vote(approval, 'alice'));
    value(await vote(approval, 'pete'));
    await active('alice', false);
    try {
      expect(value(await vote(approval, 'bob')).state).toBe('pending');
      h.advance(601);
      await eventually(async () => expect((await show(approval)).state).toBe('expired'));
      expect(code(await consume())).toBe('expired');
    } finally {
      await active('alice', true);
    }
  });

  it('after it was approved changes nothing: the yes was given by those who were there', async () => {
    const { approval, consume } = await open(1);
    value(await vote(approval, 'alice'));
    await active('alice', false);
    try {
      expect(value(await consume()).by).toEqual(['alice']);
    } finally {
      await active('alice', true);
    }
  });
});

describe('an approval that expires', () => {
  it('at the instant of the vote and of the spending: whoever is late is told so, and nothing is spent after it', async () => {
    for (let round = 0; round < 10; round++) {
      const { approval, consume } = await open(1, { expiresIn: 30 });
      if (round % 2 === 0) value(await vote(approval, 'alice'));
      h.advance(31);
      const codes = (await Promise.all([consume(), vote(approval, 'bob'), consume()])).map(code);
      expect(codes).toEqual(['expired', 'expired', 'expired']);
      expect((await show(approval)).state).toBe('expired');
    }
  });

  it('does so once, though two processes look for it', async () => {
    const many = await Promise.all(Array.from({ length: 50 }, () => open(1, { expiresIn: 60 })));
    h.advance(61);
    for (const { approval } of many) await eventually(async () => expect(await types(approval, 'approval.expired')).toHaveLength(1));
    for (const { approval } of many) expect(await types(approval, 'approval.expired')).toHaveLength(1);
  });
});

describe('a machine that is suspended while a command is held', () => {
  it('has it taken back, once, whoever looks first; a yes that comes at the same time is worth nothing', async () => {
    for (let round = 0; round < 5; round++) {
      const held = await Promise.all(Array.from({ length: 8 }, () => open(1)));
      value(await vote(held[0]?.approval ?? '', 'alice'));
      await Promise.all([putMachine(h.identity, 'ci-deploy', { state: 'suspended' }), ...held.slice(1).map(({ approval }) => vote(approval, 'bob'))]);
      for (const { approval, consume } of held) {
        await eventually(async () => expect((await show(approval)).state).toBe('withdrawn'));
        expect(code(await consume())).toBe('not-approved');
        expect(await types(approval, 'approval.withdrawn')).toHaveLength(1);
      }
      await putMachine(h.identity, 'ci-deploy');
      await eventually(async () => expect((await Promise.all(Array.from({ length: 8 }, () => h.gateway.call(approvalsOpen, ops(1))))).map(code)).toEqual(Array.from({ length: 8 }, () => 'ok')));
    }
  });
});
