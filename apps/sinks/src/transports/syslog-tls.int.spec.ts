import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { format } from '@sallyport/engine-siem';
import { Child, freePort, tempDir, tlsMaterial, untilListening } from '@sallyport/testing-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leaves } from '../testing/leaves.ts';
import { send } from '../testing/sends.ts';
import { smallLog } from '../testing/small-log.ts';
import { SyslogTls } from './syslog-tls.ts';

let directory: Awaited<ReturnType<typeof tempDir>>;
let tls: Awaited<ReturnType<typeof tlsMaterial>>;
let ca: string;
beforeAll(async () => {
  directory = await tempDir('sallyport-syslog');
  tls = await tlsMaterial();
  ca = tls.pem.ca;
});
afterAll(async () => {
  await tls[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

const to = (port: number, name: 'syslog' | 'syslog-cef' | 'syslog-leef' = 'syslog', more: { ca?: string | null; withinMs?: number } = {}) =>
  new SyslogTls({ host: '127.0.0.1', port, ca: more.ca === undefined ? ca : more.ca, serverName: 'localhost', format: format(name, { host: 'sinks.test' }), withinMs: more.withinMs ?? 2000 });

/** Frames of a stand-in: what RFC 5425 says is on the wire. */
function frames(bytes: Buffer): string[] {
  const found: string[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    const blank = bytes.indexOf(0x20, at);
    const length = Number(bytes.subarray(at, blank).toString());
    found.push(bytes.subarray(blank + 1, blank + 1 + length).toString());
    at = blank + 1 + length;
  }
  return found;
}
const leafOf = (message: string) => Number(/ leaf="(\d+)"/.exec(message)?.[1]);

async function standIn(on: (socket: TLSSocket, nth: number) => void): Promise<{ readonly port: number; readonly server: Server; stop(): Promise<void> }> {
  const open = new Set<TLSSocket>();
  const server = createServer({ cert: tls.pem.cert, key: tls.pem.key });
  let nth = 0;
  server.on('secureConnection', (socket) => {
    open.add(socket.on('error', () => undefined));
    on(socket, ++nth);
  });
  const port = await freePort();
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return {
    port, server,
    stop: () => {
      for (const socket of open) socket.destroy();
      return new Promise((done) => server.close(() => done()));
    },
  };
}

describe('syslog over TLS', () => {
  it.runIf(existsSync('/usr/sbin/rsyslogd')).each(['syslog', 'syslog-cef', 'syslog-leef'] as const)('%s is read by rsyslog, message by message', async (name) => {
    const port = await freePort();
    const out = join(directory.path, `${name}.out`);
    const config = join(directory.path, `${name}.conf`);
    await writeFile(config, [
      `global(workDirectory="${directory.path}" defaultNetstreamDriver="ossl" defaultNetstreamDriverCAFile="${tls.ca}" defaultNetstreamDriverCertFile="${tls.cert}" defaultNetstreamDriverKeyFile="${tls.key}" maxMessageSize="256k")`,
      'module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon")',
      `template(name="t" type="string" string="%hostname%|%app-name%|%procid%|%msgid%|%syslogfacility%|%structured-data%|%msg%\\n")`,
      `input(type="imtcp" address="127.0.0.1" port="${port}")`,
      `action(type="omfile" file="${out}" template="t" asyncWriting="off")`,
      '',
    ].join('\n'));
    const rsyslog = new Child('/usr/sbin/rsyslogd', ['-n', '-f', config, '-i', join(directory.path, `${name}.pid`)]);
    try {
      await untilListening(rsyslog, port);
      const sink = to(port, name);
      const stored = leaves(50);
      await send(sink, stored.slice(0, 30));
      await send(sink, stored.slice(30));
      const log = smallLog();
      log.add(...stored.map(({ bytes }) => bytes ?? new Uint8Array()));
      const head = log.sign();
      await sink.send([{ leaf: 49, text: sink.render(head) }], new AbortController().signal);
      await sink.close();
      await expect.poll(async () => (await readFile(out, 'utf8').catch(() => '')).trimEnd().split('\n').length).toBe(51);
      const lines = (await readFile(out, 'utf8')).trimEnd().split('\n');
      expect(lines.slice(0, -1).map(leafOf)).toEqual(stored.map(({ leaf }) => leaf));
      // A checkpoint is one line too, and its note can be had back.
      const checkpoint = lines.at(-1) ?? '';
      expect([checkpoint.includes('|log.checkpoint|'), leafOf(checkpoint)]).toEqual([true, Number.NaN]);
      const signature = head.note.slice(head.note.lastIndexOf(' ') + 1, -1);
      expect(checkpoint).toContain(name === 'syslog-leef' ? `noteBase64=${Buffer.from(head.note).toString('base64')}` : name === 'syslog-cef' ? signature.replaceAll('=', '\\=') : signature);
      const [host, app, procid, msgid, facility, ...rest] = (lines[0] ?? '').split('|');
      expect([host, app, procid, msgid, facility]).toEqual(['sinks.test', 'sallyport', 'gw-1', 'producer.heartbeat', '13']);
      expect(rest.join('|')).toMatch({ syslog: /\]\|\{"/, 'syslog-cef': /CEF:0\|/, 'syslog-leef': /LEEF:2\.0\|/ }[name]);
    } finally {
      await rsyslog.stop();
    }
  });

  it('sends the newest messages again when the connection broke', async () => {
    const got: Buffer[][] = [];
    const there = await standIn((socket, nth) => {
      const mine: Buffer[] = [];
      got.push(mine);
      socket.on('data', (bytes: Buffer) => {
        mine.push(bytes);
        if (nth === 1) socket.destroy();
      });
    });
    const sink = to(there.port);
    const stored = leaves(4);
    await send(sink, stored.slice(0, 2));
    await expect.poll(async () => send(sink, stored.slice(2)).then(() => got.length, () => 0)).toBe(2);
    await sink.close();
    const after = frames(Buffer.concat(got[1] ?? [])).map(leafOf);
    expect(after.slice(0, 2)).toEqual([0, 1]);
    expect(after.slice(-2)).toEqual([2, 3]);
    await there.stop();
  });

  it('of a certificate that it does not trust, of nobody, and of a receiver that does not read, it says so', async () => {
    const there = await standIn((socket) => socket.pause());
    await expect(send(to(there.port, 'syslog', { ca: null }), leaves(1))).rejects.toMatchObject({ code: 'unreachable' });
    const deaf = to(there.port, 'syslog', { withinMs: 500 });
    const many = leaves(200);
    const flood = async () => {
      for (let i = 0; i < 200; i++) await send(deaf, many);
    };
    await expect(flood()).rejects.toMatchObject({ code: 'timeout' });
    await there.stop();
    await expect(send(to(there.port), leaves(1))).rejects.toMatchObject({ code: 'unreachable' });
  });
});
