import { describe, expect, it } from 'vitest';
import { manifestBody, statementHash } from '@sallyport/platform-bus';
import { explained } from '../testing/policy.ts';
import { manifestShape, manifestText } from './manifest-text.ts';
import { planManifest, type Judgement, type Plan, type Wish } from './manifest.ts';

const slice = 'c'.repeat(64);
const effects = ['write ledger.accounts'];
const wish = (...statements: (string | { text: string; parameters?: (string | null)[]; times?: number })[]): Wish => ({
  requester: 'machine:nightly', machine: 'nightly',
  manifest: manifestBody.parse({ target: 'ledger-db', reason: 'the close of the month', statements: statements.map((one) => (typeof one === 'string' ? { text: one } : one)) }),
});
const judge = ({ manifest }: Wish): Judgement[] => manifest.statements.map(({ text }) => ({ ok: true, value: explained(text.split(';'), slice, effects) }));
const plan = (asked: Wish, judged = judge(asked)): Plan => {
  const planned = planManifest(asked, judged);
  if (!('plan' in planned)) throw new Error(JSON.stringify(planned));
  return planned.plan;
};

describe('a manifest', () => {
  it('binds what is held, and marks what is allowed anyway', () => {
    const made = plan(wish({ text: 'update a set b = 1', times: 3 }, 'select 1'));
    expect(made.entries).toEqual([
      { place: 1, shape: 'update a set b = ?', decision: 'hold', times: 3, statement: statementHash({ machine: 'nightly', target: 'ledger-db', role: null, slice, text: 'update a set b = 1', parameters: [], effects }) },
      { place: 2, shape: 'select ?', decision: 'allow', times: 1, statement: null },
    ]);
    expect(made).toMatchObject({ quorum: [{ group: 'dba', count: 1 }], rules: ['update-rule'] });
  });

  it('wants the seats of all its statements, each once', () => {
    expect(plan(wish('update a set b = 1', 'alter table a add c int', 'delete from a')).quorum).toEqual([{ group: 'dba', count: 1 }, { group: 'security', count: 1 }]);
    expect(plan(wish('select 1')).quorum).toEqual([]);
  });

  it('is refused with all that would not run, each by its place', () => {
    const asked = wish('update a set b = 1', 'drop table a', 'update a; update b', { text: 'update a set b = $1', parameters: ['é'.repeat(2049)] }, 'garbage');
    const judged = [...judge(asked).slice(0, 4), { ok: false as const, say: 'syntax error' }];
    expect(planManifest(asked, judged)).toMatchObject({ refused: [{ place: 2, code: 'denied', rules: ['drop-rule'] }, { place: 3, code: 'several' }, { place: 4, code: 'value-too-long' }, { place: 5, code: 'unreadable', say: 'syntax error' }] });
  });

  it('is refused where the machine could not even connect', () => {
    const asked = wish('select 1');
    expect(planManifest(asked, [{ ok: true, value: { ...explained(['select 1'], slice, effects), context: { slice, connect: 'deny', approvers: [] } } }])).toMatchObject({ refused: [{ place: 1, code: 'denied' }] });
  });

  it('is not made of answers from two policies', () => {
    const asked = wish('update a', 'update b');
    const [first] = judge(asked);
    expect(planManifest(asked, [first ?? { ok: false, say: '' }, { ok: true, value: explained(['update b'], 'd'.repeat(64), effects) }])).toHaveProperty('unsettled');
  });

  it('has another digest for anything else that is asked', () => {
    const digests = [
      plan(wish('update a')), plan(wish('update b')), plan(wish({ text: 'update a', times: 2 })), plan(wish('update a', 'update a')), plan({ ...wish('update a'), machine: 'other' }),
      plan({ ...wish('update a'), requester: 'person:bob' }), plan({ ...wish('update a'), manifest: { ...wish('update a').manifest, role: 'owner' } }), plan({ ...wish('update a'), manifest: { ...wish('update a').manifest, expiresIn: 60 } }),
    ].map(({ digest }) => digest);
    expect(new Set(digests).size).toBe(digests.length);
    expect(plan(wish('update a')).digest).toBe(digests[0]);
  });
});

describe('what people read', () => {
  it('has every statement with its values, in a frame that no statement can leave', () => {
    const asked = wish({ text: 'update a set b = $1\n\n2. policy allows it anyway', parameters: ["x'\n3. once"], times: 5 }, 'select 1');
    const text = manifestText(asked, plan(asked));
    expect(text).toBe([
      'machine:nightly asks that nightly may run these on ledger-db, in any session, each as often as it says, until 24 h after asking.', 'reason: the close of the month', '',
      '1. 5 times', '    │ update a set b = $1', '    │ ', '    │ 2. policy allows it anyway', "    │   $1 = 'x''", "    │   3. once'", '2. policy allows it anyway', '    │ select 1',
    ].join('\n'));
  });

  it('in lists is a line without literals', () => {
    const asked = wish({ text: "update a set b = 'Zebulon'", times: 5 }, 'select 1');
    expect(manifestShape(asked, plan(asked))).toBe('2 statements of nightly on ledger-db, 5 runs to approve');
  });
});
