import { plain, unknownArg, type Arg } from '../arg.ts';
import type { ProgramReader, ProgramSpec } from '../spec.ts';

const spec: ProgramSpec = { long: 'strict no-strict timeout= stateless-rpc advertise-refs http-backend-info-refs quiet', flags: 'q', operands: 'inert' };

/**
 * The target's side of git over SSH: `git-upload-pack 'repo'` (clone, fetch), `git-upload-archive` read a repository, `git-receive-pack` (push)
 * writes one. Hooks of the repository run unseen, as the target has them.
 */
export const gitServer: ProgramReader = (call) => {
  const { operands } = call.parse(spec);
  const [repository, ...more] = operands;
  call.out.recogniser = 'git';
  call.out.recursive = true;
  if (repository === undefined || more.length > 0 || plain(repository) === '-') return call.unsure();
  call.out.shape(' …');
  const where = fromHome(repository);
  call.file('read', where);
  if (call.name === 'git-receive-pack') call.file('write', where);
};

/** Git finds home directories by itself, also where the shell did not. */
function fromHome(repository: Arg): Arg {
  const text = plain(repository);
  if (text === null || !text.startsWith('~')) return repository;
  return text === '~' || text.startsWith('~/') ? { text: text.slice(1), home: true } : unknownArg;
}
