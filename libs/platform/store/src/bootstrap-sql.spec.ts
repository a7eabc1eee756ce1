import { describe, expect, it } from 'vitest';
import { bootstrapSql } from './bootstrap-sql.ts';

const passwords = { policy: 'p-password', approvals: 'a-password', masking: 'm-password', evidence: `it's-a-password`, identity: 'i-password', governance: 'g-password', sinks: 'i-password', console: 'c-password' };

describe('bootstrapSql', () => {
  it('quotes passwords and the name of the database', () => {
    const text = bootstrapSql({ passwords, ownerPassword: 'o-password', database: 'sally"port' });
    expect(text).toContain(`password 'it''s-a-password';`);
    expect(text).toContain('grant connect on database "sally""port" to sallyport_owner;');
  });

  it.each(['short', 'with\\backslash', 'with\0nul..'])('refuses a password that is too short or could be read differently: %j', (ownerPassword) => {
    expect(() => bootstrapSql({ passwords, ownerPassword, database: 'd' })).toThrow(RangeError);
  });
});
