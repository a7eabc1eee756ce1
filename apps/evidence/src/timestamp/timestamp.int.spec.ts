import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { TestTsa, type TsaOptions } from '../testing/test-tsa.ts';
import { parseAuthority, readCertificates, stamp } from './authority.ts';
import { isForTimestamps } from './certificate-chain.ts';
import { timestampRequest, tokenOf } from './request.ts';
import { verifyTimestamp } from './verify-token.ts';

const started: TestTsa[] = [];
const start = async (options: TsaOptions = {}) => {
  const tsa = await TestTsa.start(options);
  started.push(tsa);
  return tsa;
};
afterAll(() => Promise.all(started.map((tsa) => tsa[Symbol.asyncDispose]())));

const sha256 = (text: string) => createHash('sha256').update(text).digest();
const imprint = sha256('the log\n1\nroot\n');
const code = (code: string) => expect.objectContaining({ code });

describe('a timestamp of a real authority (openssl ts)', () => {
  it.each<[string, TsaOptions]>([
    ['ECDSA P-256', {}],
    ['ECDSA P-384', { key: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'] }],
    ['RSA', { key: ['rsa:2048'] }],
    ['the older name of the certificate', { ess: 'sha1' }],
    ['an authority in between', { between: true }],
  ])('is had and verified: %s', async (_, options) => {
    const tsa = await start(options);
    const before = Math.floor(Date.now() / 1000) * 1000;
    const { token, time } = await stamp(tsa.url, readCertificates(tsa.caFile), imprint);
    expect(time.getTime()).toBeGreaterThanOrEqual(before);
    expect(time.getTime()).toBeLessThanOrEqual(Date.now());
    expect(verifyTimestamp({ token, imprint, nonce: null, trusted: readCertificates(tsa.caFile) })).toEqual({ time, signer: 'CN=Test TSA' });
  });

  it('is what openssl verifies too, from the token as it is kept', async () => {
    const tsa = await start();
    const { token } = await stamp(tsa.url, readCertificates(tsa.caFile), imprint);
    await writeFile(tsa.file('token.der'), token);
    const verify = (digest: Buffer) => tsa.openssl('ts', '-verify', '-token_in', '-in', 'token.der', '-digest', digest.toString('hex'), '-CAfile', 'ca.pem');
    await verify(imprint);
    await expect(verify(sha256('else'))).rejects.toThrow();
  });

  it('is refused for something else, for another request, and from another authority', async () => {
    const [tsa, other] = [await start(), await start()];
    const trusted = readCertificates(tsa.caFile);
    const { der, nonce } = timestampRequest(imprint);
    const token = tokenOf(await tsa.reply(der));
    const claim = { token, imprint, nonce, trusted };
    expect(verifyTimestamp(claim).signer).toBe('CN=Test TSA');
    expect(() => verifyTimestamp({ ...claim, imprint: sha256('else') })).toThrow(code('ERR_TIMESTAMP_IMPRINT'));
    expect(() => verifyTimestamp({ ...claim, nonce: timestampRequest(imprint).nonce })).toThrow(code('ERR_TIMESTAMP_NONCE'));
    expect(() => verifyTimestamp({ ...claim, trusted: readCertificates(other.caFile) })).toThrow(code('ERR_TIMESTAMP_CHAIN'));
    expect(() => verifyTimestamp({ ...claim, trusted: [] })).toThrow(code('ERR_TIMESTAMP_CHAIN'));
  });

  it('never says another time, whichever byte of it is changed', async () => {
    const tsa = await start();
    const trusted = readCertificates(tsa.caFile);
    const { der, nonce } = timestampRequest(imprint);
    const token = tokenOf(await tsa.reply(der));
    const time = verifyTimestamp({ token, imprint, nonce, trusted }).time.getTime();
    const accepted: number[] = [];
    for (let at = 0; at < token.length; at++) {
      const changed = Uint8Array.from(token);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      try {
        if (verifyTimestamp({ token: changed, imprint, nonce, trusted }).time.getTime() !== time) accepted.push(at);
      } catch (error) {
        expect(error).toMatchObject({ name: 'TimestampError' });
      }
    }
    expect(accepted).toEqual([]);
  });

  it.each([['serverAuth'], ['timeStamping'], ['critical,timeStamping,serverAuth']])('is refused from a signer whose certificate is for %s', async (usage) => {
    const tsa = await start({ usage });
    const [signer] = readCertificates(tsa.file('tsa.pem'));
    expect(signer !== undefined && isForTimestamps(signer)).toBe(false);
    // openssl itself refuses to sign with some of them.
    await expect(stamp(tsa.url, readCertificates(tsa.caFile), imprint)).rejects.toThrow();
  });

  it('is refused when the authority does not grant it, or answers something else', async () => {
    const tsa = await start();
    const trusted = readCertificates(tsa.caFile);
    await expect(stamp(tsa.url, trusted, imprint.subarray(0, 20))).rejects.toThrow(code('ERR_TIMESTAMP_REFUSED'));
    for (const answer of [Buffer.alloc(0), Buffer.from('<html>'), Buffer.alloc(100_000)]) {
      tsa.distort = () => answer;
      await expect(stamp(tsa.url, trusted, imprint)).rejects.toThrow();
    }
  });

  it('is not taken twice for two requests', async () => {
    const tsa = await start();
    const trusted = readCertificates(tsa.caFile);
    const first = await tsa.reply(timestampRequest(imprint).der);
    tsa.distort = () => first;
    await expect(stamp(tsa.url, trusted, imprint)).rejects.toThrow(code('ERR_TIMESTAMP_NONCE'));
  });
});

describe('the address of an authority', () => {
  it('is its URL and a file', () => {
    expect(parseAuthority('https://tsa.test/tsr  /etc/ca.pem')).toEqual({ url: 'https://tsa.test/tsr', caFile: '/etc/ca.pem' });
    expect(parseAuthority('')).toBeNull();
  });

  it.each(['https://tsa.test', 'tsa.test /ca.pem', 'https://tsa.test a b'])('is refused as %s', (text) => {
    expect(() => parseAuthority(text)).toThrow(RangeError);
  });
});
