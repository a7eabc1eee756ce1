import { isUnknown, plain, unknownArg, type Arg } from '../arg.ts';
import type { Call } from '../call.ts';
import { place } from '../path.ts';
import type { Scope } from '../scope.ts';
import type { ProgramReader, Programs, ProgramSpec } from '../spec.ts';
import { afterAssignments, joinedLine } from './wrappers.ts';

/** As another user: `~` is another's. */
function elevated(call: Call): Scope {
  call.out.elevates = true;
  return { ...call.scope, homeless: true };
}

const sudoSpec: ProgramSpec = {
  flags: 'AbBEHKklnNPSvV', values: 'CghpTrtUu', operands: 'inert', stops: true,
  long: 'askpass background bell preserve-env? set-home non-interactive stdin validate list remove-timestamp reset-timestamp user= group= prompt= host= other-user= close-from= command-timeout= role= type= preserve-groups',
  acts: { '-s': '+none', '--shell': '+none', '-i': '+none', '--login': '+none', '-e': '+writes', '--edit': '+writes', '-D': 'value', '--chdir': 'value', '-R': 'value', '--chroot': 'value' },
};

const sudo: ProgramReader = (call) => {
  const { options, operands, unsure } = call.parse(sudoSpec);
  let scope = elevated(call);
  if (unsure) call.out.unknownProgram();
  const has = (...names: readonly string[]) => options.some(({ name }) => names.includes(name));
  if (has('-e', '--edit')) {
    call.out.unknownProgram();
    for (const file of operands) call.file('write', file);
    return;
  }
  const directory = options.find(({ name }) => name === '-D' || name === '--chdir')?.arg;
  if (directory !== undefined) scope = { ...scope, cwds: scope.cwds.map((cwd) => place(directory, cwd)) };
  if (has('-R', '--chroot')) scope = { ...scope, away: true };
  if (has('-h', '--host')) scope = { ...scope, away: true };
  const words = afterAssignments(call, operands);
  if (!has('-s', '--shell', '-i', '--login')) return call.command(words, scope);
  if (has('-i', '--login')) scope = { ...scope, cwds: [null] };
  // A shell without a command reads its standard input. Which shell it is, is the account's.
  if (words.length === 0) return call.out.unknownProgram();
  call.command(words, scope);
};

const doas: ProgramReader = (call) => {
  const { options, operands, unsure } = call.parse({ flags: 'Ln', values: 'au', acts: { '-s': '+code', '-C': '+code' }, operands: 'inert', stops: true });
  if (unsure || options.some(({ act }) => act === '+code')) call.out.unknownProgram();
  call.command(operands, elevated(call));
};

const suSpec: ProgramSpec = {
  flags: 'lmpfP', values: 'gGwu', long: 'login preserve-environment fast pty group= supp-group= whitelist-environment= user=', operands: 'inert',
  acts: { '-c': 'command', '--command': 'command', '--session-command': 'command', '-s': '+code', '--shell': '+code' },
};

/** `su user -c line`; without a line, a shell on the standard input. `runuser -u user command`. */
const su: ProgramReader = (call) => {
  const byName = call.name === 'runuser' && call.args.some((arg) => /^(?:-u|--user)/.test(plain(arg) ?? ''));
  const { options, operands, unsure } = call.parse(byName ? { ...suSpec, stops: true } : suSpec);
  const login = options.some(({ name }) => name === '-l' || name === '--login') || operands.some((word) => plain(word) === '-');
  const scope: Scope = { ...elevated(call), ...(login ? { cwds: [null] } : {}) };
  const lines = options.filter(({ act }) => act === 'command').map(({ arg }) => arg ?? unknownArg);
  if (unsure || options.some(({ act }) => act === '+code')) call.out.unknownProgram();
  for (const line of lines) call.line(line, 'sh', scope);
  if (lines.length > 0 && operands.filter((word) => plain(word) !== '-').length <= 1) return;
  if (!byName || operands.length === 0) call.out.unknownProgram();
  call.command(operands, scope);
};

const pkexec: ProgramReader = (call) => {
  const { operands, unsure } = call.parse({ long: 'user= disable-internal-agent keep-cwd', operands: 'inert', stops: true });
  if (unsure || operands.length === 0) call.out.unknownProgram();
  call.command(operands, { ...elevated(call), cwds: [null] });
};

const newShell: ProgramReader = (call) => {
  call.out.elevates = true;
  const line = call.args.findIndex((arg) => plain(arg) === '-c');
  if (line !== -1) call.line(call.args[line + 1] ?? unknownArg, 'sh', elevated(call));
  else call.out.unknownProgram();
};

/** A command on another machine or in a container. What it does there is read; its files are not this target's. */
export function elsewhere(call: Call, where: string, words: readonly Arg[], asLine: boolean): void {
  const scope: Scope = { ...call.scope, away: true, homeless: true, cwds: [null] };
  call.out.add('transfer', 'remote', null, where.slice(0, 256));
  call.out.elevates = true;
  if (words.length === 0 || words.some(isUnknown)) call.out.unknownProgram();
  if (asLine && words.length > 0) joinedLine(call, words, scope);
  else call.command(words, scope);
}

export const privilege: Programs = { sudo, sudoedit: (call) => sudo(call.with('sudo', [{ text: '-e', home: false }, ...call.args])), doas, su, runuser: su, pkexec, sg: newShell, newgrp: newShell, login: newShell };
