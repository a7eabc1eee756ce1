import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { verifyLease } from '@sallyport/engine-policy';
import { identityEnter, policyApply, policyOpen, policyRenew, subjects, type EntryAnswer, type Reply } from '@sallyport/platform-bus';
import { asked, caller, rules, target } from './testing/documents.ts';
import { house, type House } from './testing/house.ts';

/** What identity says, and of how many sessions it was asked at once. */
const identity = { away: false, answer: (_session: string): EntryAnswer => ({ refused: 'not-entitled', say: 'none', request: null }), asked: [] as { opening: boolean; sessions: string[] }[] };
const until = (ms: number, record = false): EntryAnswer => ({ entitlement: 'ent-1', kind: record ? 'break-glass' : 'jit', until: new Date(Date.now() + ms).toISOString(), record });
let h: House;
beforeAll(async () => {
  h = await house();
  h.identity.nc.subscribe(identityEnter.subject, {
    callback: (_error, message) => {
      const { opening, entries } = identityEnter.request.parse(message.json());
      if (identity.away) return;
      identity.asked.push({ opening, sessions: entries.map(({ session }) => session) });
      message.respond(JSON.stringify({ ok: true, value: { answers: entries.map(({ session }) => identity.answer(session)) } }));
    },
  });
  await h.start();
  const inventory = await h.identity.kv('inventory');
  await inventory.put('target.ledger-db', target('ledger-db', { access: 'entitlement' }));
  await inventory.put('target.free-db', target('free-db'));
  await h.console.call(policyApply, { by: caller('admin'), files: [{ name: 'ledger.cedar', text: `${rules}\n@id("free") permit(principal, action == Action::"connect", resource == Target::"free-db");` }], dryRun: false });
  await vi.waitFor(async () => expect(await failure(open())).toBe('denied: none'), { timeout: 10_000, interval: 100 });
});
afterAll(() => h[Symbol.asyncDispose]());
beforeEach(() => {
  identity.away = false;
  identity.asked.length = 0;
});

const open = (session = '0193-session') => h.gateway.call(policyOpen, asked({ session }), 10_000);
const failure = async (reply: Promise<Reply<unknown>>) => reply.then((one) => (one.ok ? 'ok' : `${one.error.code}: ${one.error.say}`));

describe('a target that needs an entitlement, on the bus', () => {
  it('has leases that identity agrees to, and that end with the entitlement', async () => {
    identity.answer = () => until(3_000, true);
    const reply = await open();
    if (!reply.ok) throw new Error(reply.error.say);
    const lease = verifyLease(reply.value.lease, h.leaseKey, Date.now());
    expect(lease).toMatchObject({ entitlement: 'ent-1', record: true });
    expect('expires' in lease && Date.parse(lease.expires) - Date.now()).toBeLessThanOrEqual(3_000);
    identity.answer = () => ({ refused: 'ended', say: 'it ended', request: null });
    expect(await h.gateway.call(policyRenew, { leases: [asked()] })).toEqual({ ok: true, value: { answers: [{ refused: 'it ended' }] } });
  });

  it('says that people are asked, with the code that clients may try again after', async () => {
    identity.answer = () => ({ refused: 'access-requested', say: 'request r-1', request: 'r-1' });
    expect(await failure(open())).toBe('access-requested: request r-1');
  });

  it('asks identity once for many renewals', async () => {
    identity.answer = () => until(60_000);
    const reply = await h.gateway.call(policyRenew, { leases: Array.from({ length: 200 }, (_, i) => asked({ session: `s-${i}` })) });
    expect(reply.ok && reply.value.answers.every((answer) => 'lease' in answer)).toBe(true);
    expect(identity.asked.map(({ opening, sessions }) => [opening, sessions.length])).toEqual([[false, 200]]);
  });

  it('is closed to new sessions while identity is away; those that are there are neither renewed nor ended, and other targets go on', async () => {
    identity.away = true;
    expect(await failure(open())).toMatch(/^unavailable: it cannot be asked now/);
    const reply = await h.gateway.call(policyRenew, { leases: [asked(), asked({ session: 's-2', target: 'free-db' })] }, 20_000);
    expect(reply.ok && reply.value.answers.map((answer) => Object.keys(answer)[0])).toEqual(['unavailable', 'lease']);
    identity.away = false;
    identity.answer = () => until(60_000);
    expect(await failure(open())).toBe('ok');
  }, 30_000);

  it('may be asked about by the decision point and nobody else', async () => {
    expect(await failure(h.gateway.call({ ...identityEnter, subject: subjects.identityEnter }, { opening: true, entries: [] }, 1000))).toMatch(/^unavailable/);
  });
});
