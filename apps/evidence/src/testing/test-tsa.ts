import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tempDir, type TempDir } from '@sallyport/testing-stack';
import { listening } from './listening.ts';

const run = promisify(execFile);

export interface TsaOptions {
  /** Arguments of `openssl req -newkey`. */
  readonly key?: readonly string[];
  /** What the signer's certificate says of its use. */
  readonly usage?: string;
  /** The hash that names the signer's certificate: sha1 gives the older attribute. */
  readonly ess?: 'sha1' | 'sha256';
  /** Whether there is another authority between the CA and the signer. */
  readonly between?: boolean;
}

const p256 = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

/** A timestamp authority: `openssl ts -reply` behind HTTP, with a CA of its own. */
export class TestTsa implements AsyncDisposable {
  readonly #directory: TempDir;
  readonly #server: Server;
  #url = '';
  requests = 0;
  /** The next answer is what this makes of it. */
  distort: (answer: Buffer) => Buffer = (answer) => answer;

  private constructor(directory: TempDir) {
    this.#directory = directory;
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part)).on('end', () => {
        this.requests++;
        this.reply(Buffer.concat(parts)).then(
          (answer) => response.writeHead(200, { 'content-type': 'application/timestamp-reply' }).end(this.distort(answer)),
          () => response.writeHead(500).end(),
        );
      });
    });
  }

  static async start({ key = p256, usage = 'critical,timeStamping', ess = 'sha256', between = false }: TsaOptions = {}): Promise<TestTsa> {
    const tsa = new TestTsa(await tempDir('sallyport-tsa'));
    await tsa.#make(key, usage, ess, between);
    tsa.#url = await listening(tsa.#server);
    return tsa;
  }

  get url(): string {
    return `${this.#url}/tsr`;
  }

  get caFile(): string {
    return this.file('ca.pem');
  }

  file(name: string): string {
    return join(this.#directory.path, name);
  }

  async openssl(...args: string[]): Promise<void> {
    await run('openssl', args, { cwd: this.#directory.path });
  }

  /** What it answers to a request, in DER. */
  async reply(query: Uint8Array): Promise<Buffer> {
    const name = `${this.requests}-${query.length}`;
    await writeFile(this.file(`${name}.tsq`), query);
    await this.openssl('ts', '-reply', '-config', 'ts.cnf', '-queryfile', `${name}.tsq`, '-out', `${name}.tsr`);
    return readFile(this.file(`${name}.tsr`));
  }

  async #make(key: readonly string[], usage: string, ess: string, between: boolean): Promise<void> {
    await this.openssl('req', '-x509', '-newkey', ...p256, '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Test TSA root', '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign');
    if (between) await this.#issue('middle', 'ca', p256, '/CN=Test TSA intermediate', 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n');
    await this.#issue('tsa', between ? 'middle' : 'ca', key, '/CN=Test TSA', `basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=${usage}\n`);
    const chain = between ? 'certs = middle.pem\n' : '';
    await writeFile(this.file('ts.cnf'), `[tsa]\ndefault_tsa = t\n[t]\nserial = serial\nsigner_cert = tsa.pem\nsigner_key = tsa.key\nsigner_digest = sha256\n${chain}default_policy = 1.2.3.4.1\ndigests = sha256\naccuracy = secs:1\ness_cert_id_chain = no\ness_cert_id_alg = ${ess}\n`);
    await writeFile(this.file('serial'), '01\n');
  }

  async #issue(name: string, issuer: string, key: readonly string[], subject: string, extensions: string): Promise<void> {
    await writeFile(this.file(`${name}.ext`), extensions);
    await this.openssl('req', '-newkey', ...key, '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject);
    await this.openssl('x509', '-req', '-in', `${name}.csr`, '-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`, '-CAcreateserial', '-days', '1', '-extfile', `${name}.ext`, '-out', `${name}.pem`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((done) => this.#server.close(() => done()));
    await this.#directory[Symbol.asyncDispose]();
  }
}
