import { id, type SessionId } from '@sallyport/domain-model';
import { describe, expect, it } from 'vitest';
import { EnvSecrets } from './env-secrets.ts';
import { SecretSource } from './secret-source.ts';

const why = { session: id<SessionId>('s'), target: 'ledger-db' };
const signal = new AbortController().signal;
const source = new SecretSource([new EnvSecrets({ SALLYPORT_SECRET_LEDGER_DB: 'app:hunter2:with:colons', SALLYPORT_SECRET_EMPTY: '', SALLYPORT_SECRET_NOUSER: ':hunter2', SALLYPORT_SECRET_NOPASSWORD: 'app:', SALLYPORT_SECRET_NOCOLON: 'hunter2' })]);

describe('SecretSource with EnvSecrets', () => {
  it.each(['env:LEDGER_DB', 'env:ledger-db'])('leases %s, split at the first colon', async (reference) => {
    await using lease = await source.lease(reference, why, signal);
    expect(lease.use(({ username, secret }) => [username, Buffer.from(secret).toString()])).toEqual(['app', 'hunter2:with:colons']);
  });

  it.each([
    ['file:ledger-db', 'ERR_SECRET_REFERENCE'],
    ['LEDGER_DB', 'ERR_SECRET_REFERENCE'],
    [':LEDGER_DB', 'ERR_SECRET_REFERENCE'],
    ['', 'ERR_SECRET_REFERENCE'],
    ['env:', 'ERR_SECRET_REFERENCE'],
    ['env:a=b', 'ERR_SECRET_REFERENCE'],
    ['env:NONE', 'ERR_SECRET_NOT_FOUND'],
    ['env:EMPTY', 'ERR_SECRET_NOT_FOUND'],
    ['env:NOUSER', 'ERR_SECRET_MALFORMED'],
    ['env:NOPASSWORD', 'ERR_SECRET_MALFORMED'],
    ['env:NOCOLON', 'ERR_SECRET_MALFORMED'],
  ])('refuses %j with %s, and shows no value', async (reference, code) => {
    const error: unknown = await source.lease(reference, why, signal).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toContain('hunter2');
  });
});
