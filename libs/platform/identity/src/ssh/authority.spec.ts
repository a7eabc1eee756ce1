import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileAuthority, SshAuthorityError } from './authority.ts';

describe('an authority in a file', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sallyport-authority-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('is made once, for its owner alone, and is the same from then on', () => {
    const path = join(directory, 'ca', 'user.pem');
    const first = fileAuthority(path);
    expect(first.made).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const again = fileAuthority(path);
    expect(again.made).toBe(false);
    expect(again.publicKey.fingerprint).toBe(first.publicKey.fingerprint);
    expect(JSON.stringify(again)).not.toContain(readFileSync(path, 'utf8').split('\n')[1]);
  });

  it('is refused when others may read it, or when it is no Ed25519 key', () => {
    const path = join(directory, 'user.pem');
    fileAuthority(path);
    chmodSync(path, 0o640);
    expect(() => fileAuthority(path)).toThrow(/chmod 600/);
    const garbage = join(directory, 'garbage.pem');
    writeFileSync(garbage, 'not a key', { mode: 0o600 });
    expect(() => fileAuthority(garbage)).toThrow(SshAuthorityError);
    expect(() => fileAuthority(join(garbage, 'below-a-file.pem'))).toThrow(SshAuthorityError);
  });
});
