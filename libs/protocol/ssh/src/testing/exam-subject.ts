import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MaskPlan } from '@sallyport/domain-model';
import type { Exchange, RealTarget, Subject, Way } from '@sallyport/testing-conformance';
import { sshKey, startSshd } from '@sallyport/testing-servers';
import ssh2, { type Client, type ClientChannel } from 'ssh2';
import { SshAdapter } from '../adapter.ts';
import { answers, message, requests, statusMessage, statuses } from '../sftp/wire.ts';
import { string, uint32, uint8 } from '../wire/fields.ts';
import { newKeyText } from '../wire/library.ts';
import { ExamWire, frame, marks } from './exam-wire.ts';
import { ScriptedSsh } from './scripted-target.ts';
import { targetOf } from './world.ts';

const all = (...parts: Buffer[]) => Buffer.concat(parts);
const request = (type: number, id: number, ...rest: Buffer[]) => message(type, uint32(id), ...rest);
const onPath = (type: number, path: string, ...rest: Buffer[]) => request(type, 1, string(path), ...rest);
const noAttributes = uint32(0);
const run = (text: string) => frame(marks.run, text);

/** Answered when as many answers of SFTP have come. */
function exchange(name: string, bytes: Buffer, texts: readonly string[], count = 1): Exchange {
  return { name, bytes, texts, answered: (received) => framesOf(received).filter(({ mark }) => mark === 0).length >= count };
}

/** Answered when as many commands have ended. */
function command(name: string, text: string, shown: Way['shown'] = 'plain'): Way {
  return { name, bytes: run(text), texts: [text], shown, answered: (received) => received.includes(Buffer.from([marks.ended, 0, 0, 0])) };
}

const canary = '078-05-1120';
const plan: MaskPlan = { id: 'exam', target: 'shell-box', columns: [], detectors: ['ssn', 'card', 'email', 'phone', 'iban'], large: [] };
const attributes = all(uint32(0x5), Buffer.from([0, 0, 0, 0, 0, 0, 0, 9]), uint32(0o100644));
const secret = 'exam-secret';

/** Everything that only SSH knows, for the conformance exam. Messages on open files (read, write, close) need an answer in between: `sftp.int.spec.ts` has them. */
export function sshSubject(): Subject {
  const host = newKeyText();
  return {
    adapter: () => Promise.resolve(new SshAdapter({ hostKey: () => ({ privateKey: host, certificate: null }) })),
    scripted: (credential) => ScriptedSsh.start(credential),
    real: realTarget,
    connect: async ({ port }) => {
      const client = await loggedIn(port);
      const sftp = await new Promise<ClientChannel>((resolve, reject) => client.subsys('sftp', (error, channel) => (error ? reject(error) : resolve(channel))));
      sftp.write(message(requests.init, uint32(3)));
      const welcome = await new Promise<Buffer>((resolve) => sftp.once('data', resolve));
      sftp.pause();
      return { socket: new ExamWire(client, sftp), welcome };
    },
    turnedAway: ({ port }) =>
      new Promise((resolve) => {
        let said = '';
        const client = new ssh2.Client();
        client.on('banner', (text) => (said += text)).on('error', () => undefined).on('close', () => resolve(Buffer.from(said)));
        client.connect({ host: '127.0.0.1', port, username: 'shell-box', password: 'a-token' });
      }),
    read: exchange('a read', onPath(requests.stat, '/srv/one'), ['sftp stat /srv/one']),
    change: exchange('a change', onPath(requests.mkdir, '/srv/new', noAttributes), ['sftp mkdir /srv/new']),
    streams: [
      exchange('looking', all(onPath(requests.stat, '/srv/a'), onPath(requests.lstat, '/srv/b'), onPath(requests.readlink, '/srv/c')), ['sftp stat /srv/a', 'sftp lstat /srv/b', 'sftp readlink /srv/c'], 3),
      exchange('changing', all(onPath(requests.setstat, '/srv/a', noAttributes), onPath(requests.remove, '/srv/b'), onPath(requests.rmdir, '/srv/c'), onPath(requests.rename, '/srv/d', string('/srv/e'))), ['sftp setstat /srv/a', 'sftp remove /srv/b', 'sftp rmdir /srv/c', 'sftp rename /srv/d /srv/e'], 4),
      exchange('links', all(onPath(requests.symlink, '/etc/passwd', string('/srv/l'))), ['sftp symlink /srv/l -> /etc/passwd']),
      exchange('extensions', all(request(requests.extended, 1, string('posix-rename@openssh.com'), string('/srv/x'), string('/srv/y')), request(requests.extended, 1, string('statvfs@openssh.com'), string('/srv'))), ['sftp rename /srv/x /srv/y', 'sftp statvfs /srv'], 2),
      exchange('names that are not ASCII', onPath(requests.stat, '/srv/ä€😀'), ["sftp stat '/srv/ä€😀'"]),
    ],
    pipeline: (count) => {
      const paths = Array.from({ length: count }, (_, i) => `/exam-${i}`);
      const bytes = all(...paths.map((path, i) => request(requests.stat, i, string(path))));
      return { ...exchange('a pipeline', bytes, paths.map((path) => `sftp stat ${path}`), count), order: (received) => framesOf(received).filter(({ mark }) => mark === 0).map(({ body }) => body.readUInt32BE(1)) };
    },
    answers: [
      { name: 'attributes', ask: exchange('stat', onPath(requests.stat, '/srv/a'), []), reply: message(answers.attrs, uint32(0), attributes) },
      { name: 'a name', ask: exchange('readlink', onPath(requests.readlink, '/srv/a'), []), reply: message(answers.name, uint32(0), uint32(1), string('/srv/b'), string('/srv/b'), noAttributes) },
      { name: 'a status', ask: exchange('remove', onPath(requests.remove, '/srv/a'), []), reply: statusMessage(0, statuses.noSuchFile, 'it is not there') },
      { name: 'an extended reply', ask: exchange('statvfs', request(requests.extended, 1, string('statvfs@openssh.com'), string('/srv')), []), reply: message(answers.extended, uint32(0), Buffer.alloc(88, 7)) },
    ],
    unknown: request(99, 1, string('what is this')),
    oversize: { bytes: all(uint32(0x00ff_ffff), uint8(requests.stat), Buffer.alloc(64 * 1024, 0x20)), settings: {} },
    bulk: { ask: { name: 'a long output', bytes: run('cat /srv/large'), texts: ['cat /srv/large'], answered: () => true }, begin: Buffer.from('begin\n'), piece: Buffer.alloc(64 * 1024, 'z'), end: Buffer.from('\nend\n') },
    refusals: (received) => framesOf(received).filter(({ mark, body }) => mark === marks.said && body.includes('sallyport: refused')).map(({ body }) => body.toString()),
    masked: {
      plan,
      canaries: [canary],
      ways: [
        command('on stdout', `cat ${secret}`),
        command('on stderr', `cat ${secret} >&2`),
        command('in a longer line', `printf 'it is %s of him\\n' "$(cat ${secret})"`),
        command('many times', `for i in 1 2 3 4 5 6 7 8 9; do cat ${secret}; done`),
        command('in two writes', `head -c 5 ${secret}; sleep 0.05; tail -c +6 ${secret}`),
        command('with an escape in it', `printf '078-05\\033[0m-1120\\n'`, 'encoded'),
        command('in an error of a program', `ls /nowhere-$(cat ${secret})`),
      ],
    },
  };
}

function loggedIn(port: number): Promise<Client> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    client.once('ready', () => resolve(client)).once('error', reject);
    client.connect({ host: '127.0.0.1', port, username: 'shell-box', password: 'a-token' });
  });
}

async function realTarget(): Promise<RealTarget> {
  const own = await sshKey();
  const sshd = await startSshd({ authorizedKeys: [own.publicKey] });
  writeFileSync(join(sshd.home, secret), `${canary}\n`);
  return {
    target: targetOf(sshd.port, { hostKeys: [sshd.hostKey], login: 'key', home: sshd.home, shell: 'bash' }),
    credential: { username: sshd.user, secret: own.privateKey },
    [Symbol.asyncDispose]: () => sshd.stop(),
  };
}

interface Framed {
  /** 0 for a message of SFTP, else one of `marks`. */
  readonly mark: number;
  readonly body: Buffer;
}

/** The whole frames of a stream; output of commands, which has none, is passed over byte by byte. */
function framesOf(bytes: Buffer): Framed[] {
  const frames: Framed[] = [];
  for (let at = 0; at + 5 <= bytes.length; ) {
    const mark = bytes[at] ?? 0;
    const size = mark === 0 ? 4 : 5;
    if (mark !== 0 && mark !== marks.said && mark !== marks.ended) {
      at++;
      continue;
    }
    const end = at + size + bytes.readUInt32BE(at + size - 4);
    if (end > bytes.length) break;
    frames.push({ mark, body: bytes.subarray(at + size, end) });
    at = end;
  }
  return frames;
}
