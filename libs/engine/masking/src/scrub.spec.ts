import { describe, expect, it } from 'vitest';
import { createMasker } from './index.ts';
import { key, plan } from './testing/plan.ts';

const tagged = createMasker(plan([{ column: 'ledger.customers.ssn', tag: 'us.ssn', action: 'redact' }]), key);
const untagged = createMasker(plan(), key);

describe('messages of a target with tagged columns', () => {
  it.each([
    ['invalid input syntax for type integer: "Ann"', 'invalid input syntax for type integer: "[masked]"'],
    ['invalid input syntax for type integer: "a"b"c"', 'invalid input syntax for type integer: "[masked]"'],
    ['value "99999999999" is out of range for type integer', 'value "[masked]" is out of range for type integer'],
    ['Token "Ann" is invalid.', 'Token "[masked]" is invalid.'],
    ['invalid input value for enum mood: "Ann', 'invalid input value for enum mood: "[masked]"'],
    ['Key (ssn)=(Ann) already exists.', 'Key (ssn)=([masked]) already exists.'],
    ['Key (a, lower(b))=(1, x (y)) is not present in table "t".', 'Key (a, lower(b))=([masked]) is not present in table "t".'],
    ['Partition key of the failing row contains (id) = (5).', 'Partition key of the failing row contains (id) = ([masked]).'],
    ['Failing row contains (1, Ann, 2026-11-22).', 'Failing row contains ([masked]).'],
    ['COPY customers, line 3, column ssn: "Ann"', 'COPY customers, line 3, column ssn: "[masked]"'],
    ['JSON data, line 1: {"a":Ann', 'JSON data, line 1: [masked]'],
    ['unnamed portal parameter $1 = \'Ann\'', 'unnamed portal parameter $1 = \'[masked]\''],
    ['ungültige Eingabesyntax für Typ integer: »Ann«', 'ungültige Eingabesyntax für Typ integer: »[masked]«'],
    ['relation "Ann Lee" does not exist', 'relation "[masked]" does not exist'],
    ['SQL statement "select \'Ann\'"', 'SQL statement "[masked]"'],
  ])('%s', (text, clean) => {
    expect(tagged.scrub(text)).toBe(clean);
    expect(tagged.scrub(clean)).toBe(clean);
  });

  it.each([
    'column "ssn" of relation "customers" does not exist',
    'duplicate key value violates unique constraint "customers_ssn_key"',
    'null value in column "ssn" of relation "customers" violates not-null constraint',
    'function lower(integer) does not exist',
    'syntax error at or near "selec"',
    'permission denied for table customers',
    '',
  ])('leaves names: %s', (text) => expect(tagged.scrub(text)).toBe(text));
});

describe('every message', () => {
  it('is looked at by detectors', () => {
    expect(untagged.scrub('no such user ann@example.com, card 4111 1111 1111 1111')).toBe('no such user a***@e***, card ************1111');
    expect(untagged.scrub('invalid input syntax for type integer: "Ann"')).toBe('invalid input syntax for type integer: "Ann"');
  });

  it('is cut at a blank, so that no half of a number is left over', () => {
    const clean = untagged.scrub(`${'x'.repeat(8185)} 4111111111111111`);
    expect(clean).toBe(`${'x'.repeat(8185)} …`);
    expect(untagged.scrub('y'.repeat(100_000)).length).toBeLessThan(8200);
  });
});
