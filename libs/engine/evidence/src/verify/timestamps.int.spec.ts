import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseNote } from '../note/signed-note.ts';
import { logKey } from '../testing/sample-log.ts';
import { pack, samplePacks } from '../testing/sample-pack.ts';
import { OpenPack } from '../testing/tampering.ts';
import { verifyToken } from '../timestamp/token.ts';
import { verifyPack } from './verify-pack.ts';

// A timestamp authority of openssl's, and both verifiers. Needs python3 and openssl.

const folder = mkdtempSync(join(tmpdir(), 'timestamps-'));
const at = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

function openssl(...args: string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

const p256 = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
interface Made {
  readonly key?: readonly string[];
  readonly usage?: string;
  readonly ess?: 'sha1' | 'sha256';
  readonly between?: boolean;
}

/** An authority with its root; gives a token (DER) of a text. */
function authority(name: string, { key = p256, usage = 'critical,timeStamping', ess = 'sha256', between = false }: Made = {}): (text: Uint8Array) => Buffer {
  openssl('req', '-x509', '-newkey', ...p256, '-nodes', '-keyout', `${name}-root.key`, '-out', `${name}-root.pem`, '-days', '2', '-subj', `/CN=Root of ${name}`, '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign');
  const issue = (what: string, issuer: string, own: readonly string[], extensions: string) => {
    writeFileSync(at(`${what}.ext`), extensions);
    openssl('req', '-newkey', ...own, '-nodes', '-keyout', `${what}.key`, '-out', `${what}.csr`, '-subj', `/O=Time/CN=Clock of ${what}`);
    openssl('x509', '-req', '-in', `${what}.csr`, '-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`, '-CAcreateserial', '-days', '1', '-extfile', `${what}.ext`, '-out', `${what}.pem`);
  };
  if (between) issue(`${name}-middle`, `${name}-root`, p256, 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n');
  issue(name, between ? `${name}-middle` : `${name}-root`, key, `basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=${usage}\n`);
  writeFileSync(at(`${name}.serial`), '01\n');
  writeFileSync(at(`${name}.cnf`), `[tsa]\ndefault_tsa = t\n[t]\nserial = ${name}.serial\nsigner_cert = ${name}.pem\nsigner_key = ${name}.key\nsigner_digest = sha256\n${between ? `certs = ${name}-middle.pem\n` : ''}default_policy = 1.2.3.4.1\ndigests = sha256\naccuracy = secs:1\ness_cert_id_chain = no\ness_cert_id_alg = ${ess}\n`);
  return (text) => {
    writeFileSync(at('text'), text);
    openssl('ts', '-query', '-data', 'text', '-sha256', '-cert', '-out', 'query');
    openssl('ts', '-reply', '-config', `${name}.cnf`, '-queryfile', 'query', '-token_out', '-out', 'token');
    return readFileSync(at('token'));
  };
}

const root = (name: string) => readFileSync(at(`${name}-root.pem`), 'utf8');
const sample = await samplePacks();
const plain = await OpenPack.of(await pack(sample.part));
const textOf = (path: string) => Buffer.from(parseNote(plain.files.get(path) ?? new Uint8Array()).text);
const stamps = { ours: authority('ours'), theirs: authority('theirs'), rsa: authority('rsa', { key: ['rsa:2048'], between: true }), old: authority('old', { ess: 'sha1' }) };

async function stamped(files: Readonly<Record<string, Uint8Array>>): Promise<Uint8Array> {
  const open = await OpenPack.of(await pack(sample.part));
  for (const [name, bytes] of Object.entries(files)) open.files.set(`proofs/timestamps/${name}`, bytes);
  return open.resign().bytes();
}

function python(bytes: Uint8Array, roots: readonly string[]): number | null {
  writeFileSync(at('pack'), bytes);
  const authorities = roots.flatMap((name) => ['--tsa', at(`${name}-root.pem`)]);
  return spawnSync('python3', [join(import.meta.dirname, '../testing/verify.py'), 'pack', at('pack'), '--key', logKey, ...authorities], { encoding: 'utf8' }).status;
}

const [to, from] = [textOf('proofs/checkpoint-to'), textOf('proofs/checkpoint-from')];
const good = stamps.ours(to);

describe('timestamps in a pack', { timeout: 120_000 }, () => {
  it('put what is shown between two times, under an authority that the examiner names', async () => {
    const bytes = await stamped({ 'to-ours.tst': good, 'from-ours.tst': stamps.ours(from) });
    const report = await verifyPack(bytes, { keys: [logKey], authorities: [root('ours')] });
    expect(report).toMatchObject({ verdict: 'ok', times: { from: expect.stringMatching(/Z$/), to: expect.stringMatching(/Z$/) } });
    expect(report.notes.join('\n')).toMatch(/what is shown was in the log before .* \(Clock of ours\)/);
    expect(Math.abs(Date.parse(report.times.to ?? '') - Date.now())).toBeLessThan(600_000);
    expect(python(bytes, ['ours'])).toBe(0);
    expect((await verifyPack(bytes, { keys: [logKey] })).notes.join()).toContain('no authority that you trust was named');
  });

  const changed = Buffer.from(good);
  changed[changed.length - 5] = (changed[changed.length - 5] ?? 0) ^ 1;
  it.each([
    ['RSA, with an authority between', { 'to-a.tst': stamps.rsa(to) }, ['rsa'], 0],
    ['the older naming of its certificate (SHA-1)', { 'to-a.tst': stamps.old(to) }, ['old'], 0],
    ['two tokens, one of a stranger', { 'to-a.tst': stamps.theirs(to), 'to-b.tst': good }, ['ours'], 0],
    ['no token', {}, ['ours'], 22],
    ['a token of a stranger', { 'to-a.tst': stamps.theirs(to) }, ['ours'], 22],
    ['a token of the other checkpoint', { 'to-a.tst': stamps.ours(from) }, ['ours'], 22],
    ['a token under the older checkpoint alone', { 'from-a.tst': stamps.ours(from) }, ['ours'], 22],
    ['a token whose signature was changed', { 'to-a.tst': changed }, ['ours'], 22],
    ['a token that ends early', { 'to-a.tst': good.subarray(0, 300) }, ['ours'], 22],
    ['something else', { 'to-a.tst': Buffer.from('hello') }, ['ours'], 22],
    ['a signer whose key is not for timestamps alone', { 'to-a.tst': tokenOfWrongUse() }, ['wrong'], 22],
  ])('%s', async (_, files, roots, code) => {
    const bytes = await stamped(files);
    const report = await verifyPack(bytes, { keys: [logKey], authorities: roots.map(root) });
    expect([report.exitCode, python(bytes, roots)]).toEqual([code, code]);
  });

  it('hold at every byte: one that is another one opens no other time', async () => {
    const time = await verifyToken(good, to, [root('ours')]);
    let survived = 0;
    for (let i = 0; i < good.length; i += 3) {
      const found = await verifyToken(Buffer.from(good).fill((good[i] ?? 0) ^ 1, i, i + 1), to, [root('ours')]);
      if (typeof found === 'string') continue;
      survived++;
      expect(found).toEqual(time);
    }
    // Certificates and fields that nobody signs for may change without a word.
    expect(survived).toBeLessThan(good.length / 12);
  });
  it('are refused with a root that is none', async () => {
    await expect(verifyPack(await stamped({}), { keys: [logKey], authorities: ['hello'] })).rejects.toThrow('no certificate');
  });
});

/** openssl refuses to sign with such a certificate: the reply is made with a good one, whose certificate is then another of the same key. */
function tokenOfWrongUse(): Buffer {
  const stamp = authority('wrong', { usage: 'critical,timeStamping' });
  const token = stamp(to);
  writeFileSync(at('wrong.ext'), 'basicConstraints=critical,CA:FALSE\nextendedKeyUsage=timeStamping,clientAuth\n');
  openssl('x509', '-req', '-in', 'wrong.csr', '-CA', 'wrong-root.pem', '-CAkey', 'wrong-root.key', '-CAcreateserial', '-days', '1', '-extfile', 'wrong.ext', '-out', 'wrong2.pem');
  const der = (name: string) => Buffer.from(readFileSync(at(name), 'utf8').replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64');
  const [old, next] = [der('wrong.pem'), der('wrong2.pem')];
  const i = token.indexOf(old);
  return i === -1 || old.length !== next.length ? Buffer.concat([token.subarray(0, Math.max(0, i)), next]) : Buffer.concat([token.subarray(0, i), next, token.subarray(i + old.length)]);
}
