import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conceal, opened } from './conceal.ts';
import { classOf, commitmentsOf, parseDisclosure } from './disclosure.ts';
import type { Who } from './envelope.ts';

const person = (id: string): Who => ({ id: `person:${id}`, npid: null, iss: null, tok: null, jti: null, owner: null });
const machine: Who = { ...person(''), id: 'machine:nightly' };
const voted = { approval: 'a1', by: 'alice@bank.example', vote: 'approve', groups: ['dba'] } as const;

describe('a concealed field', () => {
  it('is not in the event, and comes back by its disclosure', () => {
    const { data, who, disclosures } = conceal('approval.voted', voted, person('alice'));
    const event = { d: data, who };
    expect(JSON.stringify(event)).not.toContain('alice');
    expect(data).toMatchObject({ approval: 'a1', by: '~', vote: 'approve' });
    expect(who?.id).toBe('person:~');
    expect(opened(event, disclosures)).toEqual({ event: { d: voted, who: person('alice') }, withheld: [] });
  });
  it('stays closed alone: each has a disclosure of its own', () => {
    const { data, who, disclosures } = conceal('approval.voted', voted, person('alice'));
    const onlyBy = disclosures.filter((text) => parseDisclosure(text)?.path === 'd.by');
    expect(opened({ d: data, who }, onlyBy)).toEqual({ event: { d: voted, who: person('~') }, withheld: ['who.id'] });
    expect(opened({ d: data, who }, [])).toMatchObject({ withheld: ['d.by', 'who.id'] });
  });
  it('keeps its type: texts stay texts, lists lists, objects objects, and null says nothing', () => {
    expect(conceal('approval.granted', { approval: 'a', by: ['x', 'y'] }, null).data).toMatchObject({ by: [] });
    expect(conceal('auth.ok', { binding: 'b', issuer: 'i', claims: { sub: 's' }, source: '10.0.0.1', expires: '', micros: 1, door: 'd', session: null }, machine).data).toMatchObject({ claims: {}, source: '~', binding: 'b' });
  });
  it('is committed to as RFC 9901 says: SHA-256 over the characters of the disclosure, which are base64url of [salt, name, value]', () => {
    const { data, disclosures } = conceal('approval.rejected', { approval: 'a', by: 'Zoë 李' }, null);
    const [text = ''] = disclosures;
    expect(JSON.parse(Buffer.from(text, 'base64url').toString())).toEqual([expect.stringMatching(/^[A-Za-z0-9_-]{22}$/), 'd.by', 'Zoë 李']);
    expect(commitmentsOf({ d: data })).toEqual({ 'd.by': createHash('sha256').update(text).digest('base64url') });
  });
  it('has another commitment each time, so that equal values cannot be told', () => {
    const digests = new Set(Array.from({ length: 1000 }, () => commitmentsOf({ d: conceal('approval.rejected', { approval: 'a', by: 'bob' }, null).data })['d.by']));
    expect(digests.size).toBe(1000);
  });
  it('is not opened by what the event does not commit to', () => {
    const one = conceal('approval.rejected', { approval: 'a', by: 'bob' }, null);
    const other = conceal('approval.rejected', { approval: 'a', by: 'eve' }, null);
    const forged = Buffer.from(JSON.stringify(['0'.repeat(22), 'd.approval', 'z'])).toString('base64url');
    expect(opened({ d: one.data, who: null }, [...other.disclosures, forged, '', '!', 'e30', `${one.disclosures[0]}=`])).toMatchObject({ event: { d: { by: '~', approval: 'a' } }, withheld: ['d.by'] });
  });
  it('is read whatever its text is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), (by) => {
        const { data, disclosures } = conceal('approval.rejected', { approval: 'a', by: by.toWellFormed() }, null);
        expect(opened({ d: data, who: null }, disclosures).event.d).toEqual({ approval: 'a', by: by.toWellFormed() });
      }),
    );
  });
});

describe('what no rule names', () => {
  it('is left as it is: commands, machines, services', () => {
    const data = { approval: 'a', session: 's', command: 'c' };
    expect(conceal('approval.consumed', data, machine)).toEqual({ data, who: machine, disclosures: [] });
    expect([classOf('approval.voted', 'd.by'), classOf('approval.voted', 'd.vote'), classOf('x.y', 'who.id'), classOf('__proto__', 'd.by')]).toEqual(['person', null, 'person', null]);
  });
  it('is given back as the same event', () => {
    const event = { d: { approval: 'a', session: 's', command: 'c' }, who: machine };
    expect(opened(event, ['x']).event).toBe(event);
  });
});
