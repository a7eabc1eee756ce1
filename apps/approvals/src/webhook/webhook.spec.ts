import { describe, expect, it } from 'vitest';
import { after, requested } from '../testing/story.ts';
import { fold } from '../model/state.ts';
import { noticeOf } from './notice.ts';
import { giveUpAfterMs, nextAttemptIn } from './retry.ts';
import { sign, verify } from './signature.ts';

const key = Buffer.alloc(32, 7);

describe('the signature', () => {
  const header = sign('{"a":1}', key, 1_700_000_000);
  // printf '1700000000.{"a":1}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707…07
  it('is the HMAC of time and body, as openssl makes it', () => expect(header).toBe('t=1700000000,v1=fa499c40baa09b566dfde0859145f8950e319e3b0f33a29fa072f3fa436334b1'));
  it('verifies with the same key, body and a recent time', () => expect(verify(header, '{"a":1}', key, 1_700_000_100)).toBe(true));
  it('does not with another body', () => expect(verify(header, '{"a":2}', key, 1_700_000_100)).toBe(false));
  it('does not with another key', () => expect(verify(header, '{"a":1}', Buffer.alloc(32, 8), 1_700_000_100)).toBe(false));
  it('does not when it is old, or its time was changed', () => {
    expect(verify(header, '{"a":1}', key, 1_700_000_301)).toBe(false);
    expect(verify(header.replace('1700000000', '1700000200'), '{"a":1}', key, 1_700_000_301)).toBe(false);
  });
  it('does not when it is something else', () => expect(verify('v1=00', '{"a":1}', key, 1_700_000_000)).toBe(false));
});

describe('the next attempt', () => {
  it('doubles from a second to an hour, half of it by chance', () => {
    expect([1, 2, 3, 4].map((attempts) => nextAttemptIn(attempts, 0, 0))).toEqual([500, 1000, 2000, 4000]);
    expect([1, 2, 3, 4].map((attempts) => nextAttemptIn(attempts, 0, 0.9999999))).toEqual([1000, 2000, 4000, 8000]);
    expect(nextAttemptIn(40, 0, 0.9999999)).toBe(3600_000);
  });
  it('is none after a day', () => {
    expect(nextAttemptIn(30, giveUpAfterMs - 1000, 0)).toBeNull();
    let age = 0;
    let attempts = 0;
    for (let wait: number | null = 0; wait !== null; wait = nextAttemptIn(++attempts, age, 0.5)) age += wait;
    expect(age).toBeLessThanOrEqual(giveUpAfterMs);
    expect(attempts).toBeGreaterThan(20);
  });
});

it('a notice says what is asked by its shape and carries neither text nor binding', () => {
  const state = fold([requested(), { type: 'voted', at: after(1), by: 'alice', vote: 'approve', groups: ['dba'] }, { type: 'granted', at: after(1), by: ['alice'] }]);
  const notice = noticeOf('n', 'a', 2, 'https://sallyport.example/v1/approvals/a', state);
  expect(notice).toMatchObject({ type: 'approval.approved', state: 'approved', say: 'approved by alice', shape: 'alter table ledger.accounts add column note text' });
  expect(Object.keys(notice).sort()).toEqual(['approval', 'environment', 'expires', 'id', 'machine', 'quorum', 'requester', 'say', 'seq', 'shape', 'state', 'subject', 'target', 'type', 'url']);
});
