import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approvalsConsume, approvalsList, approvalsOpen, approvalsShow, approvalsVote, approvalsWithdraw, type Reply } from '@sallyport/platform-bus';
import { eventually } from './testing/eventually.ts';
import { house, parameters, person, request, text, type House } from './testing/house.ts';

let h: House;
beforeAll(async () => void (h = await house()));
afterAll(() => h[Symbol.asyncDispose]());

const value = <T>(reply: Reply<T>): T => {
  if (!reply.ok) throw new Error(`${reply.error.code}: ${reply.error.say}`);
  return reply.value;
};
const code = (reply: Reply<unknown>) => (reply.ok ? 'ok' : reply.error.code);

async function open(change: Parameters<typeof request>[0] = {}) {
  const asked = request(change);
  const { approval, ...rest } = value(await h.gateway.call(approvalsOpen, asked));
  return { asked, approval, ...rest };
}
const vote = (approval: string, by: ReturnType<typeof person>, what: 'approve' | 'reject' = 'approve', comment: string | null = null) => h.console.call(approvalsVote, { by, approval, vote: what, comment });
const consume = ({ approval, asked }: Awaited<ReturnType<typeof open>>) => h.gateway.call(approvalsConsume, { approval, session: asked.session, command: asked.command, binding: asked.binding });
const state = async (approval: string) => value(await h.console.call(approvalsShow, { by: person('alice'), approval })).state;

describe('a held command', () => {
  it('is opened, approved, told on the bus, spent once, and each step is evidence', async () => {
    const it = await open();
    expect(it.url).toBe(`https://sallyport.example/v1/approvals/${it.approval}`);
    expect(value(await vote(it.approval, person('alice'), 'approve', 'change 4711')).state).toBe('approved');
    expect(value(await consume(it))).toEqual({ by: ['alice'] });
    expect(code(await consume(it))).toBe('spent');
    await eventually(() => expect(h.told.get(it.approval)).toEqual(['approved', 'consumed']));
    expect(await h.evidence(it.approval)).toEqual(['approval.requested', 'approval.voted', 'approval.granted', 'approval.consumed', 'approval.refused']);
  });

  it('asked again by the same command gets the same approval', async () => {
    const first = await open();
    const again = value(await h.gateway.call(approvalsOpen, first.asked));
    expect(again).toEqual({ approval: first.approval, url: first.url, expires: first.expires, covered: false });
  });

  it('is spent by one of many who try at once', async () => {
    const it = await open();
    value(await vote(it.approval, person('alice')));
    const answers = (await Promise.all(Array.from({ length: 20 }, () => consume(it)))).map(code);
    expect(answers.filter((one) => one === 'ok')).toHaveLength(1);
    expect(answers.filter((one) => one === 'spent')).toHaveLength(19);
  });

  it('counts one vote of a person who votes many times at once', async () => {
    const { approval } = await open({ quorum: [{ group: 'dba', count: 2 }] });
    const answers = (await Promise.all(Array.from({ length: 10 }, () => vote(approval, person('alice'))))).map(code);
    expect(answers.filter((one) => one === 'ok')).toHaveLength(1);
    expect(await state(approval)).toBe('pending');
    value(await vote(approval, person('bob')));
    expect(await state(approval)).toBe('approved');
  });

  it('whose approvers are too few is refused at once, not left to expire', async () => {
    expect(code(await h.gateway.call(approvalsOpen, request({ quorum: [{ group: 'dba', count: 3 }] })))).toBe('unanswerable');
    expect(code(await h.gateway.call(approvalsOpen, request({ quorum: [{ group: 'nobody', count: 1 }] })))).toBe('unanswerable');
  });

  it('whose client is gone is withdrawn, and cannot be approved or spent', async () => {
    const it = await open();
    value(await h.gateway.call(approvalsWithdraw, { approval: it.approval, why: 'client gone' }));
    expect(code(await vote(it.approval, person('alice')))).toBe('not-pending');
    expect(code(await consume(it))).toBe('not-approved');
    expect(code(await h.gateway.call(approvalsWithdraw, { approval: it.approval, why: 'again' }))).toBe('not-pending');
  });

  it('is not spent by another command, and that is recorded', async () => {
    const it = await open();
    value(await vote(it.approval, person('alice')));
    expect(code(await consume({ ...it, asked: { ...it.asked, binding: 'd'.repeat(64) } }))).toBe('mismatch');
    expect(code(await consume({ ...it, asked: { ...it.asked, session: 'another' } }))).toBe('mismatch');
    expect(await h.evidence(it.approval)).toEqual(['approval.requested', 'approval.voted', 'approval.granted', 'approval.refused', 'approval.refused']);
    expect(code(await consume(it))).toBe('ok');
  });
});

describe('a vote', () => {
  it.each([
    ['twice', 'already-voted', async () => {
      const { approval } = await open({ quorum: [{ group: 'dba', count: 2 }] });
      await vote(approval, person('alice'));
      return [approval, await vote(approval, person('alice'))] as const;
    }],
    ["on one's own machine's request", 'self-approval', async () => {
      const { approval } = await open();
      return [approval, await vote(approval, person('olga', 'admin', 'approver'))] as const;
    }],
    ['by somebody outside the group', 'not-an-approver', async () => {
      const { approval } = await open();
      return [approval, await vote(approval, { ...person('mallory', 'admin'), groups: ['dba'] })] as const;
    }],
    ['by somebody the console does not put into the group', 'not-an-approver', async () => {
      const { approval } = await open();
      return [approval, await vote(approval, { ...person('alice'), groups: [] })] as const;
    }],
    ['by a member who was made inactive', 'not-an-approver', async () => {
      const { approval } = await open();
      return [approval, await vote(approval, person('gone'))] as const;
    }],
  ])('%s is refused as %s, and recorded', async (_what, expected, act) => {
    const [approval, answer] = await act();
    expect(code(answer)).toBe(expected);
    expect((await h.evidence(approval)).at(-1)).toBe('approval.refused');
  });

  it('on what does not exist is refused', async () => {
    expect(code(await vote('0198c0de-0000-7000-8000-000000000000', person('alice')))).toBe('not-found');
    expect(code(await vote("'; drop table approval; --", person('alice')))).toBe('not-found');
  });

  it('by a member who left the group a moment ago counts no more', async () => {
    const { approval } = await open();
    const bucket = await h.identity.kv('inventory');
    await bucket.put('approvers.dba', { spec: { members: ['alice', 'olga', 'gone'] } });
    await eventually(async () => expect(code(await vote(approval, person('bob')))).toBe('not-an-approver'));
    await bucket.put('approvers.dba', { spec: { members: ['alice', 'bob', 'olga', 'gone'] } });
    await eventually(async () => expect(code(await vote(approval, person('bob')))).toBe('ok'));
  });

  it('against ends it', async () => {
    const it = await open({ quorum: [{ group: 'dba', count: 2 }] });
    expect(value(await vote(it.approval, person('bob'), 'reject', 'not on a Friday')).state).toBe('rejected');
    await eventually(() => expect(h.told.get(it.approval)).toEqual(['rejected']));
    expect(code(await vote(it.approval, person('alice')))).toBe('not-pending');
  });
});

describe('news of a change', () => {
  it('that did not get out, because the service died after the commit, is told later', async () => {
    const { approval } = await open();
    await vote(approval, person('alice'));
    await eventually(() => expect(h.told.get(approval)).toEqual(['approved']));
    await h.sql(`update approvals.approval set announce_after = now() + interval '5 s' where id = '${approval}'`);
    h.advance(6);
    await eventually(() => expect(h.told.get(approval)).toEqual(['approved', 'approved']));
    await eventually(async () => expect(await h.sql(`select announce_after from approvals.approval where id = '${approval}'`)).toEqual([{ announce_after: null }]));
  });
});

describe('expiry', () => {
  it('ends the unanswered and the unspent at their instant, also what fell due while the service was down', async () => {
    const [pending, approved] = [await open({ expiresIn: 60 }), await open({ expiresIn: 60 })];
    value(await vote(approved.approval, person('alice')));
    await h.stop();
    h.advance(61);
    await h.start();
    await eventually(async () => expect([await state(pending.approval), await state(approved.approval)]).toEqual(['expired', 'expired']));
    expect(code(await vote(pending.approval, person('alice')))).toBe('expired');
    expect(code(await consume(approved))).toBe('expired');
    await eventually(() => expect(h.told.get(pending.approval)).toEqual(['expired']));
    expect(await h.evidence(approved.approval)).toEqual(['approval.requested', 'approval.voted', 'approval.granted', 'approval.expired', 'approval.refused']);
  });

  it('is not put off by a restart', async () => {
    const { approval, expires } = await open({ expiresIn: 300 });
    await h.restart();
    expect(value(await h.console.call(approvalsShow, { by: person('alice'), approval })).expires).toBe(expires);
  });
});

describe('what is sensitive', () => {
  it('is shown in full to approvers, auditors and administrators only', async () => {
    const { approval } = await open();
    await vote(approval, person('alice'), 'approve', 'Zebulon asked');
    for (const role of ['approver', 'auditor', 'admin']) {
      const shown = value(await h.console.call(approvalsShow, { by: person('alice', role), approval }));
      expect(shown).toMatchObject({ text, parameters, votes: [{ by: 'alice', comment: 'Zebulon asked' }] });
    }
    for (const by of [person('alice', 'operator'), null]) {
      expect(value(await h.console.call(approvalsShow, { by, approval }))).toMatchObject({ text: null, parameters: null, votes: [{ comment: null }] });
    }
  });

  it('is not in lists, in the database, or in evidence', async () => {
    const { approval } = await open();
    await vote(approval, person('alice'), 'reject', 'Zebulon again');
    const listed = value(await h.console.call(approvalsList, { by: person('alice', 'admin'), state: null, limit: 1000 }));
    expect(listed.approvals.length).toBeGreaterThan(0);
    expect(JSON.stringify(listed)).not.toContain('Zebulon');
    const tables = ['approval', 'approval_event', 'outbox', 'notice'];
    for (const table of tables) {
      const rows = await h.sql(`select ${table}::text as row from approvals.${table} as ${table}`);
      for (const { row } of rows) expect(String(row)).not.toMatch(new RegExp(`Zebulon|${Buffer.from('Zebulon').toString('hex')}`));
    }
  });
});

describe('lists', () => {
  it('are newest first and by state', async () => {
    const [older, newer] = [await open(), await open()];
    const { approvals } = value(await h.console.call(approvalsList, { by: person('alice'), state: 'pending', limit: 2 }));
    expect(approvals.map(({ id }) => id)).toEqual([newer.approval, older.approval]);
    const all = value(await h.console.call(approvalsList, { by: person('alice'), state: 'pending', limit: 1000 }));
    const pages: string[] = [];
    for (let before: string | null = null; ; before = pages.at(-1) ?? null) {
      const page = value(await h.console.call(approvalsList, { by: person('alice'), state: 'pending', before, limit: 2 }));
      expect(page.total).toBe(all.total);
      if (page.approvals.length === 0) break;
      pages.push(...page.approvals.map(({ id }) => id));
    }
    expect(pages).toEqual(all.approvals.map(({ id }) => id));
    expect(pages).toHaveLength(all.total);
  });
});

describe('the store', () => {
  it('refuses to change or remove what an approval went through', async () => {
    await expect(h.sql('update approvals.approval_event set seq = seq + 1')).rejects.toThrow('only ever added');
    await expect(h.sql('delete from approvals.approval_event')).rejects.toThrow('only ever added');
    await expect(h.sql('truncate approvals.approval_event cascade')).rejects.toThrow('only ever added');
  });
});
