import type { ColumnRef, ColumnTag } from '@sallyport/domain-model';
import { describe, expect, it } from 'vitest';
import { column, plan } from './testing/plan.ts';
import { type Verdict, Verdicts } from './verdict.ts';

const ssn: ColumnTag = { column: 'ledger.customers.ssn', tag: 'us.ssn', action: 'last4' };
const card: ColumnTag = { column: 'ledger.customers.card', tag: 'pci.pan', action: 'token' };
const dob: ColumnTag = { column: 'ledger.customers.dob', tag: 'person.dob', action: 'null' };
const verdicts = new Verdicts(plan([ssn, card, dob]));
const all = [ssn.column, card.column, dob.column];

function judge(over: Partial<ColumnRef>, touchesTagged: boolean, unmasked: readonly string[] = []): Verdict {
  const seen = new Set(unmasked);
  return verdicts.of(column(over), touchesTagged, seen, verdicts.hides(seen));
}

const lineage = (proven: boolean, ...sources: string[]) => ({ lineage: { sources, proven } });
const pass = { kind: 'pass' };
const detect = { kind: 'detect' };
const mask = (tag: string, action: string, layer: string) => ({ kind: 'mask', tag, action, layer });
const unknown = mask('unknown', 'redact', 'unknown');

describe('a column that the server names', () => {
  it('has its rule when it is tagged, whatever the statement is said to touch', () => {
    expect(judge({ origin: ssn.column }, true)).toEqual(mask('us.ssn', 'last4', 'origin'));
    expect(judge({ origin: ssn.column }, false)).toEqual(mask('us.ssn', 'last4', 'origin'));
    expect(judge({ origin: ssn.column, ...lineage(true) }, true)).toEqual(mask('us.ssn', 'last4', 'origin'));
  });

  it('passes without detectors when this session may see it', () => {
    expect(judge({ origin: ssn.column }, true, [ssn.column])).toEqual(pass);
    expect(judge({ origin: card.column }, true, [ssn.column])).toEqual(mask('pci.pan', 'token', 'origin'));
  });

  it('is looked at by detectors when it is an untagged column of a base table', () => {
    expect(judge({ origin: 'ledger.customers.id' }, true)).toEqual(detect);
    expect(judge({ origin: 'ledger.customers.id', ...lineage(false) }, true)).toEqual(detect);
  });

  it('is masked by lineage when a tagged column reaches it through a view', () => {
    expect(judge({ origin: 'ledger.v.x', ...lineage(true, ssn.column) }, true)).toEqual(mask('us.ssn', 'redact', 'lineage'));
    expect(judge({ origin: 'ledger.v.x', ...lineage(false, ssn.column) }, true)).toEqual(mask('us.ssn', 'redact', 'lineage'));
    expect(judge({ origin: 'ledger.v.x', ...lineage(true, ssn.column) }, true, [ssn.column])).toEqual(pass);
  });

  it('is masked whole when it comes through a view, a tagged relation is read and nothing is proven', () => {
    expect(judge({ origin: 'ledger.v.x', derived: true }, true)).toEqual(unknown);
    expect(judge({ origin: 'ledger.v.x', derived: true, ...lineage(false, 'ledger.accounts.id') }, true)).toEqual(unknown);
    expect(judge({ origin: 'ledger.v.x', derived: true, ...lineage(true, 'ledger.accounts.id') }, true)).toEqual(detect);
    expect(judge({ origin: 'ledger.v.x', derived: true }, false)).toEqual(detect);
  });

  it('does not match a tag by another case or part of the name', () => {
    expect(judge({ origin: 'ledger.customers.SSN' }, false)).toEqual(detect);
    expect(judge({ origin: 'customers.ssn' }, false)).toEqual(detect);
  });
});

describe('a relation that the catalogue does not know', () => {
  it('is masked whole as long as anything is hidden from this session', () => {
    expect(judge({ origin: 'unknown' }, false)).toEqual(unknown);
    expect(judge({ origin: 'unknown', ...lineage(true) }, true)).toEqual(unknown);
    expect(judge({ origin: 'unknown' }, true, [ssn.column])).toEqual(unknown);
    expect(judge({ origin: 'unknown' }, true, all)).toEqual(detect);
  });

  it('is looked at by detectors when the plan has no columns', () => {
    const seen = new Set<string>();
    const none = new Verdicts(plan());
    expect(none.of(column({ origin: 'unknown' }), true, seen, none.hides(seen))).toEqual(detect);
  });
});

describe('a computed column', () => {
  const none = { origin: 'none' };

  it('is looked at by detectors when no tagged relation is read', () => expect(judge(none, false)).toEqual(detect));

  it('is masked whole when a tagged relation is read and nothing is proven', () => {
    expect(judge(none, true)).toEqual(unknown);
    expect(judge({ ...none, ...lineage(false) }, true)).toEqual(unknown);
    expect(judge({ ...none, ...lineage(false, 'ledger.accounts.id') }, true)).toEqual(unknown);
    expect(judge(none, true, [ssn.column])).toEqual(unknown);
  });

  it('is clean when proven so', () => {
    expect(judge({ ...none, ...lineage(true) }, true)).toEqual(detect); // count(*)
    expect(judge({ ...none, ...lineage(true, 'ledger.customers.id') }, true)).toEqual(detect);
  });

  it('shows no part of a value: what a rule would show of a whole value is redacted', () => {
    expect(judge({ ...none, ...lineage(true, ssn.column) }, true)).toEqual(mask('us.ssn', 'redact', 'lineage')); // substr(ssn, 1, 4)
    expect(judge({ ...none, ...lineage(true, card.column) }, true)).toEqual(mask('pci.pan', 'redact', 'lineage'));
    expect(judge({ ...none, ...lineage(true, dob.column) }, true)).toEqual(mask('person.dob', 'null', 'lineage'));
  });

  it('is redacted when several tagged columns reach it', () => {
    expect(judge({ ...none, ...lineage(true, ssn.column, card.column) }, true)).toEqual(mask('several', 'redact', 'lineage'));
    expect(judge({ ...none, ...lineage(true, dob.column, card.column) }, true)).toEqual(mask('several', 'redact', 'lineage'));
  });

  it('is masked by lineage even if the statement is said to touch nothing tagged', () => {
    expect(judge({ ...none, ...lineage(true, ssn.column) }, false)).toEqual(mask('us.ssn', 'redact', 'lineage'));
  });

  it('passes when nothing reaches it but what this session may see', () => {
    expect(judge({ ...none, ...lineage(true, ssn.column) }, true, [ssn.column])).toEqual(pass);
    expect(judge({ ...none, ...lineage(true, ssn.column, 'ledger.notes.body') }, true, [ssn.column])).toEqual(detect);
    expect(judge({ ...none, ...lineage(true, ssn.column, card.column) }, true, [ssn.column])).toEqual(mask('pci.pan', 'redact', 'lineage'));
    expect(judge(none, true, all)).toEqual(detect);
  });
});
