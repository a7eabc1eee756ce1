import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tempDir, type TempDir } from './temp-dir.ts';

const run = promisify(execFile);

export interface TlsMaterial extends AsyncDisposable {
  /** Paths of PEM files. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** The same as texts. */
  readonly pem: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** A CA and a server certificate (P-256, one day) for `localhost`, 127.0.0.1 and ::1, made by the `openssl` command. */
export async function tlsMaterial(names: readonly string[] = ['localhost']): Promise<TlsMaterial> {
  const directory: TempDir = await tempDir('sallyport-tls');
  const path = (name: string) => join(directory.path, name);
  const openssl = (...args: string[]) => run('openssl', args, { cwd: directory.path });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '1', '-subj', '/CN=Sallyport test CA', '-addext', 'keyUsage=critical,keyCertSign,cRLSign');
  await openssl('req', ...newKey, '-keyout', 'server.key', '-out', 'server.csr', '-subj', `/CN=${names[0] ?? 'localhost'}`);
  await writeFile(path('ext'), `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')},IP:127.0.0.1,IP:::1\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:false\n`);
  await openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', 'server.pem', '-days', '1', '-extfile', 'ext');
  const read = (name: string) => readFile(path(name), 'utf8');
  return {
    ca: path('ca.pem'),
    cert: path('server.pem'),
    key: path('server.key'),
    pem: { ca: await read('ca.pem'), cert: await read('server.pem'), key: await read('server.key') },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}
