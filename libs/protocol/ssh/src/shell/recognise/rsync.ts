import { behind, isUnknown, literal, plain, unknownArg, type Arg } from '../arg.ts';
import type { Call } from '../call.ts';
import type { ProgramReader } from '../spec.ts';

/** Long options that name no file and run nothing. */
const harmless = new Set(
  ('archive recursive relative no-relative dirs links copy-links copy-unsafe-links safe-links copy-dirlinks keep-dirlinks hard-links perms no-perms executability acls xattrs owner no-owner group no-group devices specials times no-times omit-dir-times omit-link-times super fake-super ' +
    'sparse preallocate dry-run whole-file no-whole-file one-file-system existing ignore-existing delete del delete-before delete-during delete-delay delete-after delete-excluded delete-missing-args ignore-errors force max-delete partial delay-updates prune-empty-dirs numeric-ids ' +
    'size-only ignore-times checksum update inplace append append-verify compress no-compress fuzzy stats human-readable progress itemize-changes verbose quiet blocking-io no-motd 8-bit-output protocol bwlimit timeout contimeout modify-window max-size min-size compress-level skip-compress checksum-seed iconv no-iconv info debug msgs2stderr no-r no-inc-recursive inc-recursive ' +
    'no-implied-dirs implied-dirs server sender log-format out-format no-super munge-links no-munge-links new-compress old-compress compress-choice checksum-choice zc cc chmod chown usermap groupmap block-size no-W no-i-r secure stop-after outbuf open-noatime atimes crtimes ignore-missing-args list-only exclude include filter cvs-exclude mkpath remove-sent-files use-qsort no-specials no-devices backup suffix').split(' '),
);
/** Long options with a directory or file. */
const named: Readonly<Record<string, 'read' | 'write'>> = {
  'temp-dir': 'write', 'backup-dir': 'write', 'partial-dir': 'write', 'log-file': 'write', 'compare-dest': 'read', 'copy-dest': 'read', 'link-dest': 'write', 'exclude-from': 'read', 'include-from': 'read', 'password-file': 'read', 'write-batch': 'write', 'only-write-batch': 'write', 'read-batch': 'read',
};
/** Takes the next word when it has no `=`. */
const takesValue = new Set(['temp-dir', 'backup-dir', 'partial-dir', 'log-file', 'compare-dest', 'copy-dest', 'link-dest', 'exclude-from', 'include-from', 'password-file', 'exclude', 'include', 'filter', 'max-delete', 'bwlimit', 'timeout', 'contimeout', 'modify-window', 'max-size', 'min-size', 'suffix', 'chmod', 'chown', 'usermap', 'groupmap', 'block-size', 'info', 'debug', 'out-format', 'log-format', 'compress-level', 'iconv', 'protocol', 'checksum-seed', 'skip-compress', 'compress-choice', 'checksum-choice']);

interface Read {
  readonly operands: readonly Arg[];
  readonly server: boolean;
  readonly sender: boolean;
  readonly removes: boolean;
}

/**
 * The target's side of rsync: `rsync --server [--sender] -vlogDtpre.iLsfxCIvu . path…`. With `--sender` the paths are read, else written, with what is
 * below. Anything else is rsync as a client or between two directories.
 */
export const rsync: ProgramReader = (call) => {
  const { operands, server, sender, removes } = readWords(call);
  call.out.recursive = true;
  call.out.shape(' …');
  if (!server) return asClient(call, operands, removes);
  call.out.recogniser = 'rsync';
  // The first is a stand-in for a path. Without it, the arguments come over the connection (`--secluded-args`) and are not in the command.
  const paths = plain(operands[0]) === '.' ? operands.slice(1) : [];
  if (paths.length === 0) call.out.unknownFile();
  for (const path of paths) {
    call.file(sender ? 'read' : 'write', path);
    if (sender && removes) call.file('write', path);
  }
};

function readWords(call: Call): Read {
  const operands: Arg[] = [];
  let [server, sender, removes] = [false, false, false];
  for (let at = 0; at < call.args.length; at++) {
    const arg = call.args[at] ?? unknownArg;
    const word = plain(arg);
    if (isUnknown(arg)) call.out.unknownProgram();
    if (word === '--') {
      operands.push(...call.args.slice(at + 1));
      break;
    }
    if (word === null || word === '-' || !word.startsWith('-')) operands.push(arg);
    else if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const name = word.slice(2, equals === -1 ? undefined : equals);
      server ||= name === 'server';
      sender ||= name === 'sender';
      removes ||= name === 'remove-source-files' || name === 'remove-sent-files';
      const verb = Object.hasOwn(named, name) ? named[name] : undefined;
      if (verb !== undefined) call.file(verb, equals === -1 ? (call.args[at + 1] ?? unknownArg) : behind(arg, equals + 1));
      // `--rsh`, `--daemon`, `--config`, `--rsync-path`, `--files-from`, and what we do not know.
      else if (!harmless.has(name) && name !== 'remove-source-files') call.out.unknownProgram();
      if (equals === -1 && takesValue.has(name)) at++;
    } else at += cluster(call, word, call.args[at + 1]);
  }
  return { operands, server, sender, removes };
}

/** Number of further words that belong to it. In `-vlogDtpre.iLsfxC` what follows `e.` says what the other side can. */
function cluster(call: Call, word: string, next: Arg | undefined): number {
  const remote = /^-[a-zA-Z0-9]*e\d*\.[a-zA-Z0-9]*$/.test(word);
  const letters = remote ? word.slice(1, word.indexOf('e')) : word.slice(1);
  if (/^[abcCdDgHiIklLmnNoOpPqrRStuUvVWxXyz0468AEhJK]*$/.test(letters)) return 0;
  if (/^[abcCdDgHiIklLmnNoOpPqrRStuUvVWxXyzAEhJK]*B\d*$/.test(letters) || /^f/.test(letters)) return letters.length === 1 ? 1 : 0;
  if (letters === 'T') {
    call.file('write', next ?? unknownArg);
    return 1;
  }
  // `-e program`, `-s` (arguments come over the connection), `-M`, and what we do not know.
  call.out.unknownProgram();
  return letters.endsWith('e') || letters.endsWith('M') ? 1 : 0;
}

function asClient(call: Call, operands: readonly Arg[], removes: boolean): void {
  for (const [at, each] of operands.entries()) {
    const word = plain(each);
    const last = at === operands.length - 1 && operands.length > 1;
    if (word !== null && /^(?:rsync:\/\/|[^/:]+:)/.test(word)) call.out.add('transfer', 'remote', null, word.replace(/^rsync:\/\//, '').replace(/[:/].*$/s, '').slice(0, 256));
    else call.file(last ? 'write' : 'read', each);
    if (removes && !last && word !== null && !word.includes(':')) call.file('write', each);
    if (last && plain(each)?.endsWith('/') === true) call.file('write', literal(`${word ?? ''}.`));
  }
}
