import { isUnknown, plain } from '../arg.ts';
import type { Call } from '../call.ts';
import type { ProgramReader, Programs } from '../spec.ts';

/** Whatever it is given, it prints. */
const prints: ProgramReader = () => undefined;

/** `hostname` prints a name, `hostname x` sets it. */
const hostname: ProgramReader = (call) => {
  if (!call.args.every((arg) => /^-[adfiIsAy]+$|^--(?:fqdn|long|short|domain|ip-address|all-ip-addresses|version|help)$/.test(plain(arg) ?? ''))) call.out.add('control', 'server', null, 'hostname');
};

/** `date +format` prints, other words set the clock. */
const date: ProgramReader = (call: Call) => {
  const { options, operands } = call.parse({ flags: 'uIR', long: 'utc universal iso-8601? rfc-3339= rfc-email debug', values: 'd', acts: { '--date': 'value', '-f': 'read', '--file': 'read', '-r': 'read', '--reference': 'read', '-s': 'value', '--set': 'value', '-I': 'optional' }, operands: 'inert' });
  for (const { act, arg } of options) if (act === 'read' && arg !== undefined) call.file('read', arg);
  if (options.some(({ name }) => name === '-s' || name === '--set') || operands.some((each) => isUnknown(each) || plain(each)?.startsWith('+') !== true)) call.out.add('control', 'server', null, 'clock');
};

/** Programs that show the system or print what they are given. */
export const print: Programs = {
  arch: prints, basename: prints, cal: prints, dirname: prints, expr: prints, factor: prints, free: prints, getconf: prints, getent: prints, groups: prints, hostid: prints, id: prints,
  locale: prints, logname: prints, lsblk: prints, lscpu: prints, lsmod: prints, nproc: prints, pidof: prints, ps: prints, pstree: prints, seq: prints, sleep: prints, sync: prints, tty: prints, uname: prints,
  uptime: prints, users: prints, uuidgen: prints, w: prints, whereis: prints, which: prints, whoami: prints, yes: prints, printenv: prints, tr: prints, pgrep: { flags: 'acflinovwx', values: 'dgGPstuU', operands: 'inert' },
  echo: prints, printf: prints, true: prints, false: prints, test: prints, '[': prints, pwd: prints, vmstat: prints, iostat: prints, ss: { flags: '0468BHOadeghilmnoprstuwxZzbES', operands: 'inert' }, netstat: { flags: 'ABCMNWacegilnoprstuvwx46', operands: 'inert' },
  df: { flags: 'ahHiklPTv', values: 'Btx', long: 'all human-readable si inodes local print-type portability total block-size= type= exclude-type= output? sync no-sync', operands: 'inert' },
  hostname, date,
  who: { flags: 'abdHlmpqrstTuw', long: 'all boot heading', operands: 'read' },
  journalctl: { flags: 'aefklmnqrx', values: 'utpSUg', long: 'unit= since= until= no-pager output= lines= follow boot? priority= identifier= grep= reverse all quiet utc catalog dmesg', operands: 'inert', acts: { '-n': 'optional', '-o': 'value', '-b': 'optional' } },
};
