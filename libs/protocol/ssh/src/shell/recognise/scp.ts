import { plain, unknownArg } from '../arg.ts';
import type { ProgramReader, ProgramSpec } from '../spec.ts';
import { clientOptions } from '../programs/network.ts';

const server: ProgramSpec = { flags: 'dprqvtf', long: '', operands: 'inert' };
const client: ProgramSpec = { flags: '346ABCOpqRrTv', values: 'cDJlPX', acts: { '-F': '+code', '-S': '+code', '-i': 'read', '-o': 'value' }, operands: 'inert' };

/** `host:path`, `scp://host/path`. */
const remote = /^(?:scp:\/\/|(?:[^/:@]+@)?(?:\[[^\]]+\]|[^/:]+):)/;

/**
 * The target's side of scp's old protocol: `scp -t path` is sent files to write, `scp -f path` sends what it reads. Anything else is
 * scp as a client, which runs ssh.
 */
export const scp: ProgramReader = (call) => {
  const cluster = call.args.map(plain).filter((word) => word !== null && /^-[a-z]+$/.test(word)).join('');
  const to = cluster.includes('t');
  const from = cluster.includes('f');
  if (!to && !from) return asClient(call);
  const { options, operands } = call.parse(server);
  call.out.recogniser = 'scp';
  call.out.recursive = to || options.some(({ name }) => name === '-r');
  const [path, ...more] = operands;
  if (path === undefined || (to && (more.length > 0 || from))) return call.unsure();
  call.out.shape(' …');
  for (const each of operands) call.file(to ? 'write' : 'read', each);
};

const asClient: ProgramReader = (call) => {
  const { options, operands } = call.parse(client);
  clientOptions(call, options);
  call.out.recursive = true;
  for (const [at, each] of operands.entries()) {
    const word = plain(each);
    const last = at === operands.length - 1;
    if (word !== null && remote.test(word)) call.out.add('transfer', 'remote', null, word.replace(/^scp:\/\//, '').replace(/[:/].*$/s, '').slice(0, 256));
    else if (last) call.intoDirectory(operands.slice(0, -1).map((source) => ({ text: plain(source)?.replace(/^.*:/s, '') ?? null, home: false })), each);
    else call.file('read', each);
  }
  if (operands.length < 2) call.file('write', unknownArg);
};
