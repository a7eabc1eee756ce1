import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { approvalsOpen, approvalsVote } from '@sallyport/platform-bus';
import { eventually } from '../testing/eventually.ts';
import { house, person, request, type House } from '../testing/house.ts';
import { receiver, type Receiver } from '../testing/receiver.ts';
import { verify } from './signature.ts';

const key = randomBytes(32);
let hook: Receiver;
let h: House;
beforeAll(async () => {
  hook = await receiver();
  h = await house({ url: hook.url, key });
});
afterAll(async () => {
  await h[Symbol.asyncDispose]();
  await hook[Symbol.asyncDispose]();
});
beforeEach(() => void (hook.answer = (response) => void response.writeHead(204).end()));

async function open(): Promise<string> {
  const reply = await h.gateway.call(approvalsOpen, request());
  if (!reply.ok) throw new Error(reply.error.say);
  return reply.value.approval;
}
const approve = (approval: string) => h.console.call(approvalsVote, { by: person('alice'), approval, vote: 'approve', comment: 'Zebulon is fine' });
const of = (approval: string) => hook.received.filter(({ notice }) => notice.approval === approval);
const attempts = async (approval: string) => (await h.sql(`select attempts, ok, state from approvals.notice where approval = '${approval}' order by id`)).map(({ attempts, ok, state }) => ({ attempts, ok, state }));

it('tells each change of state, signed, by shape only', async () => {
  const approval = await open();
  await approve(approval);
  await eventually(() => expect(of(approval).map(({ notice }) => notice.state).sort()).toEqual(['approved', 'pending']));
  for (const { signature, body } of of(approval)) {
    expect(verify(signature, body, key, Date.now() / 1000)).toBe(true);
    expect(body).toContain('update ledger.accounts set owner = ? where id = ?');
    expect(body).toContain(`https://sallyport.example/v1/approvals/${approval}`);
    expect(body).not.toContain('Zebulon');
  }
  await eventually(async () => expect((await h.evidence(approval)).filter((type) => type === 'approval.notified')).toHaveLength(2));
});

it('tries again after errors and redirects, and sends the same notice', async () => {
  const answers = [500, 302, 503];
  hook.answer = (response) => void response.writeHead(answers.shift() ?? 200, { location: 'http://127.0.0.1:1/elsewhere' }).end('{}');
  const approval = await open();
  for (let attempt = 1; attempt <= 4; attempt++) {
    await eventually(() => expect(of(approval)).toHaveLength(attempt));
    await eventually(async () => expect(await attempts(approval)).toMatchObject([{ attempts: attempt }]));
    h.advance(60);
  }
  expect(await attempts(approval)).toEqual([{ attempts: 4, ok: true, state: 'pending' }]);
  expect(new Set(of(approval).map(({ notice }) => notice.id)).size).toBe(1);
  expect((await h.evidence(approval)).filter((type) => type === 'approval.notified')).toHaveLength(1);
});

it('holds up no approval while the receiver does not answer', async () => {
  const stuck: (() => void)[] = [];
  hook.answer = (response) => void stuck.push(() => response.destroy());
  const first = await open();
  await eventually(() => expect(stuck.length).toBeGreaterThan(0));
  const began = performance.now();
  for (let i = 0; i < 5; i++) expect((await approve(await open())).ok).toBe(true);
  expect(performance.now() - began).toBeLessThan(5000);
  for (const release of stuck) release();
  await eventually(async () => expect(await attempts(first)).toMatchObject([{ attempts: 1, ok: null }]));
});

it('gives up after a day, and says so in the evidence', async () => {
  hook.answer = (response) => void response.writeHead(500).end();
  const approval = await open();
  await eventually(async () => expect(await attempts(approval)).toMatchObject([{ attempts: 1 }]));
  h.advance(24 * 3600);
  await eventually(async () => expect((await attempts(approval))[0]).toMatchObject({ attempts: 2, ok: false }));
  expect((await h.evidence(approval)).filter((type) => type === 'approval.notified').length).toBeGreaterThanOrEqual(1);
});

it('sends after a restart what was not received before', async () => {
  hook.answer = (response) => void response.writeHead(500).end();
  const approval = await open();
  await eventually(async () => expect(await attempts(approval)).toMatchObject([{ attempts: 1 }]));
  await h.stop();
  hook.answer = (response) => void response.writeHead(204).end();
  h.advance(60);
  await h.start();
  await eventually(async () => expect(await attempts(approval)).toMatchObject([{ ok: true }]));
});
