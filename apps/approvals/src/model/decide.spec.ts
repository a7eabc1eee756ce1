import { describe, expect, it } from 'vitest';
import { after, given, requested } from '../testing/story.ts';
import type { VoteCommand } from './decide.ts';
import { askers } from './eligible.ts';
import type { ApprovalEvent } from './event.ts';

/** Everybody who voted is where he was, olga owns the machine, which is active. */
const now = { asking: new Set(['olga']), stillIn: () => ['dba', 'security'], barred: null };
const approve = (by: string, groups = ['dba'], at = after(60), world: Partial<Pick<VoteCommand, 'asking' | 'stillIn' | 'barred'>> = {}) => ({ do: 'vote', at, by, vote: 'approve', groups, ...now, ...world }) as const;
const reject = (by: string, groups = ['dba'], at = after(60)) => ({ do: 'vote', at, by, vote: 'reject', groups, ...now }) as const;
const consume = (at = after(120), change = {}) => ({ do: 'consume', at, session: 'session-1', command: 'command-1', binding: 'b'.repeat(64), barred: null, ...change }) as const;
const voted = (by: string, groups = ['dba']): ApprovalEvent => ({ type: 'voted', at: after(60), by, vote: 'approve', groups });
const granted = (...by: string[]): ApprovalEvent => ({ type: 'granted', at: after(60), by });
const approved = [requested(), voted('alice'), granted('alice')];

describe('opening', () => {
  it('starts pending', () => {
    const { type: _type, at: _at, ...request } = requested();
    given().when({ do: 'open', at: after(0), request }).then('pending', 'requested');
  });
  it('is refused a second time', () => {
    const { type: _type, at: _at, ...request } = requested();
    given(requested()).when({ do: 'open', at: after(1), request }).refused('exists');
  });
});

describe('a vote', () => {
  it('approves when the quorum is one', () => {
    const events = given(requested()).when(approve('alice')).then('approved', 'voted', 'granted');
    expect(events[1]).toMatchObject({ by: ['alice'] });
  });
  it('is counted, and the request stays pending, while the quorum is not met', () => {
    given(requested({ quorum: [{ group: 'dba', count: 2 }] })).when(approve('alice')).then('pending', 'voted');
  });
  it('completes the quorum as the second distinct person, and both are named', () => {
    const events = given(requested({ quorum: [{ group: 'dba', count: 2 }] }), voted('alice')).when(approve('bob')).then('approved', 'voted', 'granted');
    expect(events[1]).toMatchObject({ by: ['alice', 'bob'] });
  });
  it('by the same person twice is refused and changes nothing', () => {
    given(requested({ quorum: [{ group: 'dba', count: 2 }] }), voted('alice')).when(approve('alice')).refused('already-voted');
  });
  it('of approval cannot be turned into a rejection', () => {
    given(requested({ quorum: [{ group: 'dba', count: 2 }] }), voted('alice')).when(reject('alice')).refused('already-voted');
  });
  it('twice by the one who completed the quorum is said to be the second vote, not only that it is over', () => {
    given(...approved).when(approve('alice')).refused('already-voted');
  });
  it('after the end is refused', () => {
    expect(given(...approved).when(approve('bob')).refused('not-pending')).toContain('already approved');
  });
  it('by one person fills one seat only, though he is in both groups', () => {
    given(requested({ quorum: [{ group: 'dba', count: 1 }, { group: 'security', count: 1 }] })).when(approve('alice', ['dba', 'security'])).then('pending', 'voted');
  });
  it('by somebody outside the groups is refused, administrator or not', () => {
    given(requested()).when(approve('root', ['admins'])).refused('not-an-approver');
  });
  it('by the owner of the machine is self-approval, though he is in the group', () => {
    given(requested()).when(approve('olga')).refused('self-approval');
  });
  it('by whoever asks, or owns the machine by now, is self-approval too', () => {
    given(requested()).when(approve('bob', ['dba'], after(60), { asking: new Set(['olga', 'bob']) })).refused('self-approval');
  });
  it('by the person on whose behalf the machine acts is self-approval, and is told so', () => {
    const behalf = { kind: 'person', name: 'carol' } as const;
    const asking = askers({ machine: () => ({ state: 'active', owner: 'olga' }) }, requested({ behalf }));
    expect(given(requested({ behalf })).when(approve('carol', ['dba'], after(60), { asking })).refused('self-approval')).toContain('is whom the machine ci-deploy acts for');
    given(requested({ behalf })).when(approve('alice', ['dba'], after(60), { asking })).then('approved', 'voted', 'granted');
  });
  it('of somebody who has left by the time the quorum is full does not count', () => {
    const two = requested({ quorum: [{ group: 'dba', count: 2 }] });
    const aliceLeft = { stillIn: (by: string) => (by === 'alice' ? [] : ['dba']) };
    given(two, voted('alice')).when(approve('bob', ['dba'], after(60), aliceLeft)).then('pending', 'voted');
    const events = given(two, voted('alice'), voted('bob')).when(approve('carol', ['dba'], after(61), aliceLeft)).then('approved', 'voted', 'granted');
    expect(events[1]).toMatchObject({ by: ['bob', 'carol'] });
  });
  it('of somebody who has become the owner meanwhile does not count', () => {
    given(requested({ quorum: [{ group: 'dba', count: 2 }] }), voted('alice')).when(approve('bob', ['dba'], after(60), { asking: new Set(['olga', 'alice']) })).then('pending', 'voted');
  });
  it('counts only for the groups that it was given in and in which the voter is still', () => {
    const both = requested({ quorum: [{ group: 'dba', count: 1 }, { group: 'security', count: 1 }] });
    given(both, voted('alice', ['dba', 'security'])).when(approve('bob', ['dba'], after(60), { stillIn: () => ['dba'] })).then('pending', 'voted');
    given(both, voted('alice', ['dba'])).when(approve('bob', ['dba'], after(60))).then('pending', 'voted');
  });
  it('for a machine that was suspended meanwhile is refused, and against it is taken', () => {
    expect(given(requested()).when(approve('alice', ['dba'], after(60), { barred: 'the machine ci-deploy is suspended' })).refused('machine-not-active')).toContain('suspended');
    given(requested()).when({ ...reject('alice'), barred: 'the machine ci-deploy is suspended' }).then('rejected', 'voted', 'rejected');
  });
  it('against, by the owner of the machine, counts: nobody needs a second person to stop himself', () => {
    given(requested()).when(reject('olga')).then('rejected', 'voted', 'rejected');
  });
  it('against ends it at once, whatever the quorum', () => {
    given(requested({ quorum: [{ group: 'dba', count: 2 }] }), voted('alice')).when(reject('bob')).then('rejected', 'voted', 'rejected');
  });
  it('records only the groups that were asked for', () => {
    const [vote] = given(requested()).when(approve('alice', ['dba', 'hr'])).then('approved', 'voted', 'granted');
    expect(vote).toMatchObject({ groups: ['dba'] });
  });
});

describe('expiry', () => {
  it('comes at its instant, not a microsecond earlier', () => {
    given(requested()).when({ do: 'expire', at: '2026-11-22T10:14:59.999999Z' }).then('pending');
    given(requested()).when({ do: 'expire', at: after(900) }).then('expired', 'expired');
  });
  it('ends what was approved and not used', () => {
    given(...approved).when({ do: 'expire', at: after(900) }).then('expired', 'expired');
  });
  it('is not moved by votes', () => {
    given(...approved).when(consume(after(900))).refused('expired', 'expired');
  });
  it('is found out by a late vote before the timer comes', () => {
    given(requested()).when(approve('alice', ['dba'], after(900))).refused('expired', 'expired');
  });
  it('is named to a vote that comes after it', () => {
    given(requested(), { type: 'expired', at: after(900) }).when(approve('alice', ['dba'], after(901))).refused('expired');
  });
  it('leaves alone what has ended', () => {
    given(requested(), { type: 'withdrawn', at: after(1), why: 'client gone', by: 'machine' }).when({ do: 'expire', at: after(901) }).then('withdrawn');
  });
});

describe('spending', () => {
  it('takes an approved one', () => {
    given(...approved).when(consume()).then('consumed', 'consumed');
  });
  it('happens once', () => {
    given(...approved, { type: 'consumed', at: after(100), session: 'session-1', command: 'command-1' }).when(consume()).refused('spent');
  });
  it('is refused before the quorum', () => {
    given(requested()).when(consume()).refused('not-approved');
  });
  it('is refused after a rejection', () => {
    given(requested(), { type: 'rejected', at: after(1), by: 'bob' }).when(consume()).refused('not-approved');
  });
  it.each([{ binding: 'd'.repeat(64) }, { session: 'session-2' }, { command: 'command-2' }])('is refused for anything but the command that was approved: %j', (other) => {
    given(...approved).when(consume(after(120), other)).refused('mismatch');
  });
});

describe('spending what is no command', () => {
  const subject = { kind: 'access', id: 'r-1' } as const;
  const access = requested({ subject, requester: 'machine:ci-deploy', session: null, command: null });
  const spend = (change = {}) => ({ do: 'spend', at: after(120), subject, binding: 'b'.repeat(64), barred: null, ...change }) as const;
  const yes = [access, voted('alice'), granted('alice')];

  it('takes an approved one, once', () => {
    const events = given(...yes).when(spend()).then('consumed', 'consumed');
    expect(events[0]).toMatchObject({ session: null, command: null });
    given(...yes, ...events).when(spend()).refused('spent');
  });
  it.each([{ binding: 'd'.repeat(64) }, { subject: { kind: 'access', id: 'r-2' } }, { subject: { kind: 'change', id: 'r-1' } }])('is refused for anything but what was approved: %j', (other) => {
    given(...yes).when(spend(other)).refused('mismatch');
  });
  it('is refused before the quorum, after the end, and for a suspended machine', () => {
    given(access).when(spend()).refused('not-approved');
    given(...yes).when(spend({ at: after(900) })).refused('expired', 'expired');
    given(...yes).when(spend({ barred: 'suspended' })).refused('machine-not-active');
  });
  it('is not done by a command, nor is a held command spent so, nor a manifest as a whole', () => {
    given(...yes).when({ ...consume(), session: '', command: '' }).refused('mismatch');
    given(...approved).when(spend()).refused('mismatch');
    given(requested({ ...access, subject: { kind: 'manifest', id: 'r-1' } }), voted('alice'), granted('alice')).when(spend({ subject: { kind: 'manifest', id: 'r-1' } })).refused('mismatch');
  });
});

describe('withdrawing', () => {
  it('ends a pending one', () => {
    given(requested()).when({ do: 'withdraw', at: after(5), why: 'client gone' }).then('withdrawn', 'withdrawn');
  });
  it('ends an approved one that was not spent', () => {
    given(...approved).when({ do: 'withdraw', at: after(70), why: 'client gone' }).then('withdrawn', 'withdrawn');
  });
  it('does nothing to what has ended', () => {
    given(requested(), { type: 'rejected', at: after(1), by: 'bob' }).when({ do: 'withdraw', at: after(5), why: 'client gone' }).refused('not-pending');
  });
});
