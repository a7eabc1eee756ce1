import { expect, it } from 'vitest';
import type { CommandDecided, Envelope } from '@sallyport/domain-events';
import type { Told } from '../follow/told.ts';
import { fold } from './fold.ts';

const told = (d: CommandDecided): Told<'command.decided'> => {
  const event: Envelope<'command.decided'> = {
    v: 1, id: '0193', type: 'command.decided', tenant: 'default', sid: 's', seq: 1, prev: '0'.repeat(64), prod: { id: 'gateway', epoch: 'e', pseq: 1 }, t: { wall: '2026-11-23T10:00:00.000000Z', mono_us: 1 },
    who: { id: 'machine:agent', npid: null, iss: null, tok: null, jti: null, owner: 'alice' }, on: { target: 'ledger-db', kind: 'postgres', env: 'test' }, auth: { policy: 3, slice: null, lease: null, approval: null }, d, blobs: [],
  };
  return { leaf: 1, received: Date.UTC(2026, 10, 23, 10), event };
};
const decided = (rest: Partial<CommandDecided>): CommandDecided => ({ command: 'c', decision: 'deny', verb: 'read', reading: 'whole', effects: ['read a.b'], shape: '', fingerprint: null, kind: 'SELECT', rules: [], say: 'x', ...rest });

it('counts what a machine did on somebody’s behalf as it was decided, and remembers for drafts of policies what was said of the machine by itself', () => {
  const sides = { machine: { decision: 'allow', rules: ['agents'] }, behalf: { decision: 'deny', rules: [] } } as const;
  const { used, decided: past } = fold([told(decided({ sides }))], new Map());
  expect(used).toMatchObject([{ machine: 'agent', verb: 'read', allowed: 0, denied: 1 }]);
  expect(past).toMatchObject([{ machine: 'agent', decision: 'allow', rules: ['agents'] }]);
  expect(fold([told(decided({}))], new Map()).decided).toMatchObject([{ decision: 'deny', rules: [] }]);
});
