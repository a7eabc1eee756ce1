import { describe, expect, it } from 'vitest';
import { column, parsed } from '../testing/documents.ts';
import { digestOf } from '@sallyport/platform-config';
import { contradictions, maskPlan, planBody } from './mask-plan.ts';

const ssn = column('ledger.customers.ssn', 'us.ssn', 'last4');
const card = column('ledger.customers.card', 'pci.pan', 'token');

describe('a plan', () => {
  it('is what the documents of one target say together', () => {
    const plan = maskPlan('ledger-db', [
      parsed('b', 'ledger-db', [ssn], { detectors: ['ssn'], large: ['ledger.entries'] }),
      parsed('a', 'ledger-db', [card, ssn], { detectors: ['email', 'card'], large: ['ledger.entries', 'ledger.audit'] }),
      parsed('c', 'other-db', [column('x.y.z', 'person.name')], { detectors: ['phone'] }),
    ]);
    expect(plan).toEqual({ id: plan.id, target: 'ledger-db', columns: [card, ssn], detectors: ['card', 'ssn', 'email'], large: ['ledger.audit', 'ledger.entries'] });
  });

  it('has the same id for the same content, whatever the order, and another for any other', () => {
    const one = maskPlan('ledger-db', [parsed('a', 'ledger-db', [ssn, card], { detectors: ['card', 'ssn'] })]);
    const other = maskPlan('ledger-db', [parsed('x', 'ledger-db', [card], { detectors: ['ssn'] }), parsed('y', 'ledger-db', [ssn], { detectors: ['card'] })]);
    expect(other.id).toBe(one.id);
    expect(one.id).toBe(digestOf(planBody(one)));
    const ids = [
      one, maskPlan('ledger-db', [parsed('a', 'ledger-db', [ssn], { detectors: ['card', 'ssn'] })]), maskPlan('ledger-db', [parsed('a', 'ledger-db', [ssn, card], { detectors: ['card'] })]),
      maskPlan('ledger-db', [parsed('a', 'ledger-db', [ssn, { ...card, action: 'null' }], { detectors: ['card', 'ssn'] })]), maskPlan('ledger-db', []), maskPlan('other-db', []),
    ].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is empty for a target that nobody has classified', () => {
    expect(maskPlan('ledger-db', [parsed('a', 'other-db', [ssn])])).toMatchObject({ target: 'ledger-db', columns: [], detectors: [], large: [] });
  });

  it('looks for everything when a document does not say what for', () => {
    expect(maskPlan('ledger-db', [parsed('a', 'ledger-db', [ssn])]).detectors).toEqual(['card', 'ssn', 'iban', 'email', 'phone']);
  });
});

describe('contradictions', () => {
  it('are two tags or two actions of one column, in two documents or one', () => {
    const say = (...documents: Parameters<typeof contradictions>[0]) => contradictions(documents).map(({ name, path, say }) => `${name} ${path} ${say}`);
    expect(say(parsed('b', 'ledger-db', [card, { ...ssn, tag: 'us.itin' }]), parsed('a', 'ledger-db', [ssn]))).toEqual([
      'b spec.columns[1] ledger-db/ledger.customers.ssn is us.itin (last4) here and us.ssn (last4) in a: a column has one tag and one action',
    ]);
    expect(say(parsed('a', 'ledger-db', [ssn, { ...ssn, action: 'redact' }]))).toEqual([
      'a spec.columns[1] ledger-db/ledger.customers.ssn is us.ssn (redact) here and us.ssn (last4) in a: a column has one tag and one action',
    ]);
  });

  it('are not the same said twice, nor the same column of another target', () => {
    expect(contradictions([parsed('a', 'ledger-db', [ssn]), parsed('b', 'ledger-db', [ssn]), parsed('c', 'other-db', [{ ...ssn, action: 'null' }])])).toEqual([]);
  });
});
