import { conceal, EventChain } from '@sallyport/domain-events';
import { uuidv7 } from '@sallyport/domain-model';
import { describe, expect, it } from 'vitest';
import { readRecord } from './read-record.ts';
import { allTypes } from './testing/all-types.ts';
import { samples } from './testing/samples.ts';

const alice = { id: 'person:alice', npid: null, iss: null, tok: null, jti: null, owner: null };
const { data, who, disclosures } = conceal('approval.voted', { approval: 'a1', by: 'alice', vote: 'approve', groups: ['dba'] }, alice);
const producer = { id: 'approvals', epoch: uuidv7() };
const bytes = new EventChain({ tenant: 'default', sid: producer.epoch, producer }, { who, on: null }).write('approval.voted', data, { id: uuidv7(), pseq: 1, wall: '2026-11-22T10:00:00.000001Z', monoUs: 1 });
const stored = { bytes, leaf: 0, receivedAt: 0 };

describe('what an event conceals', () => {
  it('is told where it is opened, under the same hash', () => {
    const [open, closed] = [readRecord({ ...stored, openings: disclosures }), readRecord(stored)];
    expect(open.says.message).toBe('alice voted to approve a1');
    expect(open.event?.who?.id).toBe('person:alice');
    expect(open.sha256).toBe(closed.sha256);
  });
  it('stays concealed elsewhere, and is described all the same', () => {
    const { says, event } = readRecord(stored);
    expect(says.message).toBe('~ voted to approve a1');
    expect(JSON.stringify(event)).not.toMatch(/alice|_sd/);
  });
  it.each(allTypes)('stays concealed in %s, which is told in its own words all the same', (type) => {
    const shown = conceal(type, samples[type], alice);
    const written = new EventChain({ tenant: 'default', sid: producer.epoch, producer }, { who: shown.who, on: null }).write(type, shown.data, { id: uuidv7(), pseq: 1, wall: '2026-11-22T10:00:00.000001Z', monoUs: 1 });
    const { says } = readRecord({ bytes: written, leaf: 0, receivedAt: 0 });
    expect(says.title).not.toBe(type);
    expect(says.message).not.toMatch(/undefined|\[object/);
  });
});
