import { literal, plain } from '../arg.ts';
import type { ProgramReader, Programs } from '../spec.ts';
import { gitServer } from '../recognise/git.ts';

/** Subcommands that only look, hooks and settings of the repository aside. */
const looks = /^(?:status|log|diff|show|rev-parse|ls-files|ls-tree|cat-file|describe|blame|shortlog|rev-list|version|help)$/;

/**
 * git as a client: the repository's own settings and hooks decide what runs, so it is never read whole. `git receive-pack 'repo'` is the server's
 * side of a push.
 */
const git: ProgramReader = (call) => {
  const [first, ...rest] = call.args;
  const word = plain(first);
  if (word !== null && /^(?:upload-pack|receive-pack|upload-archive)$/.test(word)) return gitServer(call.with(`git-${word}`, rest));
  call.out.partial();
  // `-c` and others come before the subcommand and can name programs.
  if (word === null || !looks.test(word) || rest.some((arg) => plain(arg) === null || /^(?:-O|--open-files-in-pager|--ext-diff|--textconv|--output)/.test(plain(arg) ?? ''))) call.out.unknownProgram();
  call.file('read', literal('.'));
  if (word === null || !looks.test(word)) call.file('write', literal('.'));
};

export const vcs: Programs = { git, 'git-upload-pack': gitServer, 'git-receive-pack': gitServer, 'git-upload-archive': gitServer };
