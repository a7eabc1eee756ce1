import type { Arg } from './arg.ts';
import { isUnknown } from './arg.ts';
import type { Findings } from './findings.ts';
import { limits } from './limits.ts';
import { hasControls, isInert, place, type Place } from './path.ts';
import type { Scope } from './scope.ts';

interface Context {
  readonly out: Findings;
}

/**
 * A file is read or written. One effect for each place that it may be: `/srv/data/x`, `~/x`. Relative to a directory that is not known: schema
 * `?` and a name that begins with `?/`; on another machine: one that begins with `?:`. No rule for a path matches these.
 */
export function touchFile(verb: 'read' | 'write', arg: Arg, scope: Scope, context: Context): void {
  const { out } = context;
  if (isUnknown(arg)) return out.unknownFile();
  reachNetwork(arg, context);
  for (const cwd of scope.cwds) touchPlace(verb, arg, scope.away ? null : cwd, scope.away, out);
}

function touchPlace(verb: 'read' | 'write', arg: Arg, cwd: Place, away: boolean, out: Findings): void {
  const where = place(arg, cwd);
  if (isInert(where)) return;
  if (where !== null && !away) return out.add(verb, 'file', null, where);
  const text = arg.text ?? '';
  if (text.length > limits.name || hasControls(text)) return out.unknownFile();
  out.partial();
  out.add(verb, 'file', '?', `${away ? '?:' : '?/'}${arg.home ? '~' : ''}${text}`);
}

/** Bash opens a connection when a redirection names `/dev/tcp/host/port`. */
function reachNetwork(arg: Arg, { out }: Context): void {
  const match = arg.home ? null : /^\/+dev\/+(?:tcp|udp)\/(.+)$/.exec(arg.text ?? '');
  if (match !== null) out.add('transfer', 'remote', null, (match[1] ?? '?').slice(0, 256));
}
