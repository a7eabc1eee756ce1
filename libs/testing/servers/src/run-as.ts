import { statSync } from 'node:fs';
import { dirname } from 'node:path';

export interface RunAs {
  readonly command: string;
  readonly args: readonly string[];
  /** For spawn; absent where the command changes the user by itself. */
  readonly uid?: number;
}

/**
 * How root runs a command as another user. Under a directory that only root may enter (a clone below /root), that user could not even reach
 * the program or its data: then it keeps the one right to pass through directories (CAP_DAC_READ_SEARCH, by util-linux' setpriv).
 */
export function runAs(uid: number | undefined, command: string, args: readonly string[], places: readonly string[]): RunAs {
  if (uid === undefined) return { command, args };
  if ([command, ...places].every((place) => reachable(place, uid))) return { command, args, uid };
  const passing = ['--reuid', String(uid), '--regid', String(uid), '--clear-groups', '--inh-caps', '+dac_read_search', '--ambient-caps', '+dac_read_search'];
  return { command: 'setpriv', args: [...passing, '--', command, ...args] };
}

function reachable(path: string, uid: number): boolean {
  for (let at = dirname(path); ; at = dirname(at)) {
    const { mode, uid: owner } = statSync(at);
    if ((mode & 0o001) === 0 && !(owner === uid && (mode & 0o100) !== 0)) return false;
    if (at === dirname(at)) return true;
  }
}
