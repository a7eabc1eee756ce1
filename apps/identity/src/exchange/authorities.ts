import { join } from 'node:path';
import { fileAuthority, type SshAuthority } from '@sallyport/platform-identity';
import type { Log } from '@sallyport/platform-telemetry';

/** Three keys, so that none can do another's work: one lets machines in at gateways, one vouches for gateways' host keys, one logs in at targets. */
export interface SshAuthorities {
  readonly user: SshAuthority;
  readonly host: SshAuthority;
  readonly upstream: SshAuthority;
}

/** Reads them from PEM files in a directory, outside of the database; makes what is missing there. Throws SshAuthorityError. */
export function openAuthorities(directory: string, log: Log): SshAuthorities {
  const open = (name: string) => {
    const authority = fileAuthority(join(directory, `${name}.pem`));
    const say = { authority: name, key: authority.publicKey.fingerprint };
    if (authority.made) log.warn('a new SSH authority was made: whoever trusted a former one does not trust it yet', say);
    else log.info('SSH authority', say);
    return authority;
  };
  return { user: open('user-ca'), host: open('host-ca'), upstream: open('upstream-ca') };
}
