import type { Verb } from '@sallyport/domain-model';
import { isUnknown, plain, unknownArg } from '../arg.ts';
import type { ProgramReader, Programs } from '../spec.ts';

/** Something of the system changes that is no file here. What of it, is in its arguments, which are not read. */
function changes(verb: Verb, name: string): ProgramReader {
  return (call) => {
    call.out.partial();
    call.out.add(verb, 'server', null, name);
  };
}

/** As `changes`, and it may run any program: hooks, scripts of packages, editors. */
function runs(verb: Verb, name: string): ProgramReader {
  return (call) => {
    call.out.add(verb, 'server', null, name);
    call.out.unknownProgram();
  };
}

const shows = /^(?:status|is-active|is-enabled|is-failed|show|cat|list-(?:units|unit-files|timers|sockets|jobs|dependencies)|get-default)$/;

const systemctl: ProgramReader = (call) => {
  const { operands } = call.parse({
    flags: 'alqn', values: 'Ttpos', long: 'all full quiet no-pager no-legend plain now force user system type= state= property= output= lines= value no-block no-ask-password recursive wait',
    acts: { '-n': 'value', '-H': '+code', '--host': '+code', '-M': '+code', '--machine': '+code', '--root': '+code' }, operands: 'inert',
  });
  const [verb, ...units] = operands.map(plain);
  if (verb === undefined || (verb !== null && shows.test(verb))) return;
  if (verb === 'edit' || verb === null || call.args.some((arg) => /^-[HM]|^--(?:host|machine|root)/.test(plain(arg) ?? ''))) call.out.unknownProgram();
  call.out.shape(' …');
  for (const unit of units.length === 0 ? [verb] : units) call.out.add('control', 'server', null, `service:${(unit ?? '?').slice(0, 128)}`);
};

/** `service name action`. */
const service: ProgramReader = (call) => {
  const [name, action] = call.args.map(plain);
  if (action === 'status') return;
  call.out.add('control', 'server', null, `service:${(name ?? '?').slice(0, 128)}`);
};

const crontab: ProgramReader = (call) => {
  const words = call.args.map(plain);
  if (words.length === 1 && words[0] === '-l') return;
  call.out.add('control', 'server', null, 'crontab');
  if (words.includes('-r')) return;
  const file = call.args.at(-1);
  if (file !== undefined && plain(file)?.startsWith('-') !== true) call.file('read', file);
  // Its lines are code.
  call.out.unknownProgram();
};

const mount: ProgramReader = (call) => {
  if (call.args.length === 0 && call.name === 'mount') return;
  call.out.add('control', 'server', null, 'mounts');
  call.out.partial();
  const target = call.args.findLast((arg) => isUnknown(arg) || plain(arg)?.startsWith('-') !== true);
  if (target !== undefined) call.file('write', target);
};

const ip: ProgramReader = (call) => {
  const words = call.args.map(plain);
  const shown = words.filter((word) => word === null || !/^-(?:[46sdoj]|br|brief|json|c(?:olor)?|details|stats)$/.test(word));
  if (shown.length > 0 && shown.every((word) => word !== null && /^(?:a|addr|address|l|link|r|ro|route|n|neigh|rule|show|list|dev|[a-z]+\d+)$/.test(word))) return;
  call.out.add('control', 'server', null, 'network');
  if (words.some((word) => word === null || /^(?:netns|vrf|exec|-b|-batch|-force)$/.test(word))) call.out.unknownProgram();
};

const sysctl: ProgramReader = (call) => {
  if (call.args.length > 0 && call.args.every((arg) => /^-[aen]$|^[\w.]+$/.test(plain(arg) ?? ''))) return;
  call.out.add('control', 'server', null, 'kernel');
  call.out.partial();
};

const openssl: ProgramReader = (call) => {
  const words = call.args.map(plain);
  call.out.partial();
  for (const [at, word] of words.entries()) {
    const value = call.args[at + 1] ?? unknownArg;
    if (word === null) call.unsure(true);
    else if (/^-(?:in|inkey|key|CA|CAkey|CAfile|CApath|cert|certfile|kfile|content|rand|signature|verify)$/.test(word)) call.file('read', value);
    else if (/^-(?:out|keyout|writerand|sigout|noout)$/.test(word) && word !== '-noout') call.file('write', value);
    else if (/^-(?:engine|config|provider|provider-path|connect|host)$/.test(word)) call.out.unknownProgram();
  }
};

/** Processes get a signal. */
const signals: ProgramReader = (call) => call.out.add('control', 'other', null, 'process');

const accounts = runs('grant', 'accounts');
const kernel = changes('control', 'kernel');
const network = changes('control', 'network');
const packages = runs('define', 'packages');
const power = changes('control', 'power');
const disks = runs('define', 'disks');

export const system: Programs = {
  systemctl, service, crontab, mount, umount: mount, ip, sysctl, openssl, kill: signals, pkill: signals, killall: signals, skill: signals, renice: signals, fuser: signals, at: runs('control', 'jobs'), batch: runs('control', 'jobs'), atrm: changes('control', 'jobs'),
  reboot: power, shutdown: power, halt: power, poweroff: power, init: power, telinit: power,
  useradd: accounts, userdel: accounts, usermod: accounts, adduser: accounts, deluser: accounts, groupadd: accounts, groupdel: accounts, groupmod: accounts, passwd: accounts, chpasswd: accounts, chage: accounts, gpasswd: accounts, visudo: accounts, vipw: accounts, chsh: accounts, chfn: accounts, setfacl: runs('grant', 'files'), setcap: runs('grant', 'files'),
  modprobe: kernel, insmod: kernel, rmmod: kernel, kexec: power, dmesg: changes('control', 'kernel'),
  iptables: network, ip6tables: network, nft: network, ufw: network, ifconfig: network, route: network, tc: network, 'firewall-cmd': network,
  apt: packages, 'apt-get': packages, dpkg: packages, yum: packages, dnf: packages, rpm: packages, apk: packages, zypper: packages, pacman: packages, snap: packages, flatpak: packages,
  mkfs: disks, fdisk: disks, parted: disks, sfdisk: disks, wipefs: disks, mkswap: disks, swapon: disks, swapoff: disks, losetup: disks, lvm: disks, cryptsetup: disks,
};
