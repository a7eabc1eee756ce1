import { behind, isUnknown, literal, plain, unknownArg, type Arg } from '../arg.ts';
import type { Call } from '../call.ts';
import { baseName } from '../path.ts';
import type { ProgramReader, Programs, ProgramSpec } from '../spec.ts';
import { rsync } from '../recognise/rsync.ts';
import { scp } from '../recognise/scp.ts';
import { elsewhere } from './privilege.ts';

/** Something goes to or comes from another machine. */
function reach(call: Call, where: Arg): void {
  const word = plain(where);
  if (word === null || word === '') return call.out.unknownFile();
  if (/^file:/i.test(word)) return call.file('read', literal(word.replace(/^file:(?:\/\/(?:localhost)?)?/i, '')));
  const url = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:[^@/]*@)?([^/?#]+)/i.exec(word);
  call.out.add('transfer', 'remote', null, (url?.[1] ?? '?').slice(0, 256));
}

const curlSpec: ProgramSpec = {
  flags: '0123456aBfgGiIjklLMnNpqRsSvZ#', values: 'AeEHmPQrUuxXYyzt', operands: 'inert',
  long: 'silent show-error fail fail-with-body location location-trusted insecure verbose include head compressed globoff get http1.0 http1.1 http2 http3 ipv4 ipv6 tlsv1.2 tlsv1.3 no-buffer progress-bar no-progress-meter remote-time create-dirs request= header= user= user-agent= referer= max-time= connect-timeout= retry= retry-delay= retry-max-time= range= proxy= resolve= connect-to= url-query= limit-rate= max-redirs= ciphers= interface= max-filesize= oauth2-bearer= keepalive-time= parallel junk-session-cookies path-as-is raw',
  acts: {
    '-o': 'write', '--output': 'write', '-O': '+writes', '--remote-name': '+writes', '--remote-name-all': '+writes', '-J': '+code', '--remote-header-name': '+code', '--output-dir': 'value', '-T': 'read', '--upload-file': 'read',
    '-d': 'value', '--data': 'value', '--data-ascii': 'value', '--data-binary': 'value', '--data-urlencode': 'value', '--json': 'value', '--data-raw': 'value', '-F': 'value', '--form': 'value', '-b': 'value', '--cookie': 'value',
    '-c': 'write', '--cookie-jar': 'write', '-D': 'write', '--dump-header': 'write', '--trace': 'write', '--trace-ascii': 'write', '--stderr': 'write', '--etag-save': 'write', '--etag-compare': 'read', '--netrc-file': 'read', '--cacert': 'read', '--capath': 'read', '--cert': 'read', '--key': 'read', '-w': 'value', '--write-out': 'value',
    '--url': 'value', '-K': '+code', '--config': '+code', '-C': 'value', '--continue-at': 'value',
  },
};

const curl: ProgramReader = (call) => {
  const { options, operands } = call.parse(curlSpec);
  const urls = [...operands];
  for (const { name, act, arg = unknownArg } of options) {
    const word = plain(arg);
    if (act === 'read' || act === 'write') {
      if (word !== '-' && word !== '.') call.file(act, arg);
    } else if (act === '+code') call.out.unknownProgram();
    else if (name === '--url') urls.push(arg);
    else if (/^(?:-d|-w|--write-out|--data(?:-ascii|-binary)?|--json)$/.test(name)) {
      // `%output{file}` in a format writes one.
      if (word === null || word.includes('%output{')) call.unsure();
      else if (word.startsWith('@')) call.file('read', behind(arg, 1));
    } else if (/^(?:-F|--form|--data-urlencode|-b|--cookie|-H|--header)$/.test(name)) {
      // `name=@file`, `@file`, a file's name alone: whatever may be one.
      const file = word === null ? null : (/(?:^|=)[@<]([^;]*)/.exec(word)?.[1] ?? (/^(?:-b|--cookie)$/.test(name) && !word.includes('=') ? word : undefined));
      if (file === null) call.unsure();
      else if (file !== undefined && file !== '-') call.file('read', literal(file));
    }
  }
  const named = options.some(({ act }) => act === '+writes');
  if (named && options.some(({ name }) => name === '--output-dir')) call.unsure();
  for (const url of urls) {
    reach(call, url);
    if (named) call.file('write', literal(`./${baseName((plain(url) ?? '').replace(/[?#].*$/, '')) || '?'}`));
    if (/[{[]/.test(plain(url) ?? '')) call.unsure();
  }
};

const wget: ProgramReader = (call) => {
  const { options, operands } = call.parse({
    flags: 'bcdqvSNF46', values: 'tTwQUl', operands: 'inert',
    long: 'quiet verbose no-verbose continue tries= timeout= wait= user-agent= header= no-check-certificate spider server-response max-redirect= method= body-data= post-data= user= password= https-only no-proxy',
    acts: { '-O': 'write', '--output-document': 'write', '-P': 'value', '--directory-prefix': 'value', '-o': 'write', '--output-file': 'write', '-a': 'write', '--append-output': 'write', '-i': '+code', '--input-file': '+code', '--post-file': 'read', '--body-file': 'read', '--load-cookies': 'read', '--save-cookies': 'write', '-e': '+code', '--execute': '+code', '--use-askpass': '+code', '--config': '+code', '-r': '+recursive', '--recursive': '+recursive', '-m': '+recursive', '--mirror': '+recursive' },
  });
  for (const { act, arg = unknownArg } of options) {
    if (act === 'read' || act === 'write') {
      if (plain(arg) !== '-') call.file(act, arg);
    } else if (act === '+code') call.out.unknownProgram();
    else if (act === '+recursive') call.out.recursive = true;
  }
  for (const url of operands) reach(call, url);
  if (options.some(({ name }) => /^(?:-O|--output-document|--spider)$/.test(name))) return;
  const prefix = options.find(({ name }) => /^(?:-P|--directory-prefix)$/.test(name))?.arg ?? literal('.');
  if (options.some(({ act }) => act === '+recursive')) call.file('write', prefix);
  for (const url of operands) call.file('write', isUnknown(prefix) ? prefix : { text: `${prefix.text ?? ''}/${baseName((plain(url) ?? '').replace(/^[a-z]+:\/\/[^/]*$/, '')) || 'index.html'}`, home: prefix.home });
};

const sshSpec: ProgramSpec = {
  flags: '46AaCfGgKkMNnqsTtVvXxYy', values: 'BbceJlmpQRLDWw', operands: 'inert', stops: true,
  acts: { '-i': 'read', '-I': '+code', '-E': 'write', '-F': '+code', '-S': '+code', '-O': '+code', '-o': 'value' },
};
/** Settings of a client that run nothing and read nothing. */
const harmlessSetting = /^(?:BatchMode|ConnectTimeout|ConnectionAttempts|StrictHostKeyChecking|ServerAliveInterval|ServerAliveCountMax|LogLevel|Port|User|HostName|Compression|IdentitiesOnly|PreferredAuthentications|PasswordAuthentication|PubkeyAuthentication|AddressFamily|TCPKeepAlive|ForwardAgent|ForwardX11|RequestTTY|Ciphers|MACs|KexAlgorithms|HostKeyAlgorithms)[= ]/i;

const ssh: ProgramReader = (call) => {
  const { options, operands, unsure } = call.parse(sshSpec);
  clientOptions(call, options);
  if (unsure) call.out.unknownProgram();
  const [host = unknownArg, ...words] = operands;
  for (const { name, arg } of options) if (/^-[LRDWwJ]$/.test(name)) call.out.add('transfer', 'remote', null, (plain(arg) ?? '?').slice(0, 256));
  elsewhere(call, plain(host) ?? '?', words, true);
};

export function clientOptions(call: Call, options: ReturnType<Call['parse']>['options']): void {
  for (const { name, act, arg = unknownArg } of options) {
    if (act === 'read' || act === 'write') call.file(act, arg);
    else if (act === '+code' || act === 'program') call.out.unknownProgram();
    else if (name === '-o' && !harmlessSetting.test(plain(arg) ?? '')) call.out.unknownProgram();
  }
}

const sftp: ProgramReader = (call) => {
  const { options, operands } = call.parse({ flags: '46AaCfNpqrv', values: 'BcJlPRsX', acts: { '-b': '+code', '-D': '+code', '-F': '+code', '-S': '+code', '-i': 'read', '-o': 'value' }, operands: 'inert' });
  clientOptions(call, options);
  for (const host of operands) reach(call, host);
  // What is done is told on its standard input.
  call.out.unknownFile();
};

/** Connects, listens, and runs programs on what comes in. */
const netcat: ProgramReader = (call) => {
  for (const arg of call.args) {
    const word = plain(arg);
    if (word === null || /^-[a-zA-Z]*[ecUSF]|^--(?:exec|sh-exec|lua-exec|proxy)|EXEC|SYSTEM|exec|system/.test(word)) call.out.unknownProgram();
  }
  const host = call.args.find((arg) => !/^-/.test(plain(arg) ?? '-'));
  call.out.add('transfer', 'remote', null, (plain(host) ?? '?').slice(0, 256));
  call.out.partial();
};

const socat: ProgramReader = (call) => {
  netcat(call);
  call.out.unknownProgram();
};

const lookup: ProgramReader = (call) => {
  for (const arg of call.args) {
    const word = plain(arg);
    if (word === null || /^-[fkK]|^--file/.test(word)) call.unsure();
    else if (!/^[-+@]/.test(word)) call.out.add('transfer', 'remote', null, word.slice(0, 256));
  }
};

export const network: Programs = {
  curl, wget, ssh, slogin: ssh, autossh: (call) => call.out.unknownProgram(), sftp, scp, rsync, nc: netcat, ncat: netcat, netcat, 'nc.openbsd': netcat, 'nc.traditional': netcat, telnet: netcat, ftp: socat, tftp: netcat, lftp: socat, socat,
  ping: lookup, ping6: lookup, dig: lookup, host: lookup, nslookup: lookup, traceroute: lookup, whois: lookup, 'ssh-keyscan': lookup,
};
