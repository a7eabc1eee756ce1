import { builtins } from '../builtins.ts';
import { sftpServers } from '../recognise/sftp.ts';
import type { ProgramReader, Programs, ProgramSpec } from '../spec.ts';
import { archives } from './archives.ts';
import { awks } from './awk.ts';
import { container } from './containers.ts';
import { editors } from './editors.ts';
import { network } from './network.ts';
import { print } from './print.ts';
import { privilege } from './privilege.ts';
import { read } from './read.ts';
import { search } from './search.ts';
import { seds } from './sed.ts';
import { shells } from './shells.ts';
import { system } from './system.ts';
import { vcs } from './vcs.ts';
import { wrappers } from './wrappers.ts';
import { write } from './write.ts';

/** Every program that is read. */
export const programs: ReadonlyMap<string, ProgramSpec | ProgramReader> = new Map(
  Object.entries({ ...print, ...read, ...write, ...search, ...awks, ...seds, ...wrappers, ...shells, ...privilege, ...network, ...archives, ...system, ...container, ...editors, ...vcs, ...sftpServers } satisfies Programs),
);

const loader: ProgramReader = (call) => {
  call.out.unknownProgram();
  call.command(call.args);
};

/** How a program of this name is read; a version behind the name counts as the same (`python3.11`, `perl5.36.0`). Undefined: it is not. */
export function programOf(name: string): ProgramSpec | ProgramReader | undefined {
  const exact = programs.get(name);
  if (exact !== undefined) return exact;
  // The dynamic loader runs what it is given.
  if (/^ld(?:-linux|-musl|\.so)/.test(name)) return loader;
  if (/^mkfs\./.test(name)) return programs.get('mkfs');
  const version = /^(python|pypy|perl|ruby|lua|php|node|tclsh|bash|gawk)-?[\d.]+$/.exec(name);
  return version === null ? undefined : programs.get(version[1] ?? '');
}

/** Names that a function must not take: what is read of a program of that name would then be wrong. */
export function isReserved(name: string): boolean {
  return Object.hasOwn(builtins, name) || programOf(name) !== undefined;
}
