import { describe, expect, it } from 'vitest';
import { readCsv } from './csv.ts';

const head = 'id,name,kind,owner,backup_owner,purpose,environment,criticality,groups,issuer,audience,claim:workload_id';

describe('a file of machines', () => {
  it('is read with quotes, a byte order mark, CRLF, several owners and claims', () => {
    const { found, troubles } = readCsv(`\ufeff${head}\r\n17,nightly,batch,alice@bank.example;bob,carl,"closes the books, ""daily""",production,high,batch;night,idp,sallyport,w-17\r\n\r\n,plain,,,,,,,,,,\r\n`);
    expect(troubles).toEqual([]);
    expect(found).toEqual([
      { ref: 'line 2 (nightly)', stable: '17', name: 'nightly', kind: 'batch', owners: ['alice@bank.example', 'bob'], backupOwners: ['carl'], facts: { purpose: 'closes the books, "daily"', environment: 'production', criticality: 'high', groups: ['batch', 'night'] }, binding: { issuer: 'idp', audience: 'sallyport', claims: { workload_id: 'w-17' } } },
      { ref: expect.stringContaining('(plain)'), stable: 'plain', name: 'plain', kind: 'service', owners: [], backupOwners: [], facts: {}, binding: null },
    ]);
  });

  it('is refused for a column that is misspelt, stands twice or is missing: it would be left out of every machine', () => {
    expect(() => readCsv('name,ownr\na,b')).toThrow(/did you mean owner/);
    expect(() => readCsv('name,name\na,b')).toThrow(/stands twice/);
    expect(() => readCsv('owner\na')).toThrow(/no column name/);
    expect(() => readCsv('')).toThrow(/empty/);
    expect(() => readCsv('name\n"open')).toThrow(/no CSV/);
    expect(() => readCsv('name,claim:\na,b')).toThrow(/unknown column/);
  });

  it('tells rows that cannot be, by line and name, and reads the others', () => {
    const rows = ['name,kind,issuer,claim:sub', 'a,robot,,', ',,,', 'b,,,x', 'c,,idp,', 'd,,idp,x,too,many', 'e,,idp,w'];
    const { found, troubles } = readCsv(rows.join('\n'));
    expect(found.map(({ name }) => name)).toEqual(['e']);
    expect(troubles.map(({ ref, code }) => `${ref} ${code}`)).toEqual(['line 2 (a) kind-unknown', 'line 4 (b) issuer-missing', 'line 5 (c) claims-missing', 'line 6 (d) row-long']);
    expect(readCsv('name,owner\n,alice').troubles).toMatchObject([{ ref: 'line 2', code: 'name-missing' }]);
  });
});
