import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { saslPrep } from './saslprep.ts';
import { ScramExchange } from './scram.ts';

const failed = (text: string) => expect.objectContaining({ code: 'ERR_SCRAM', message: expect.stringContaining(text) });
const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'); // of RFC 7677 section 3
const mac = (key: Uint8Array, text: string | Uint8Array) => createHmac('sha256', key).update(text).digest();

/** The server's side, written from RFC 5802 section 3 on its own: checks the proof against StoredKey and signs. */
function server(password: string, clientFirst: string, finalMessage: string, challenge: string): { accepts: boolean; signature: string } {
  const bare = clientFirst.slice(clientFirst.indexOf('n='));
  const withoutProof = finalMessage.slice(0, finalMessage.lastIndexOf(',p='));
  const proof = Buffer.from(finalMessage.slice(finalMessage.lastIndexOf(',p=') + 3), 'base64');
  const salted = pbkdf2Sync(password, salt, 4096, 32, 'sha256');
  const authMessage = `${bare},${challenge},${withoutProof}`;
  const storedKey = createHash('sha256').update(mac(salted, 'Client Key')).digest();
  const clientSignature = mac(storedKey, authMessage);
  const clientKey = Buffer.from(proof.map((byte, i) => byte ^ (clientSignature[i] ?? 0)));
  return { accepts: createHash('sha256').update(clientKey).digest().equals(storedKey), signature: mac(mac(salted, 'Server Key'), authMessage).toString('base64') };
}

const nonce = 'rOprNGfwEbeRWgbNEkqO';
const challenge = `r=${nonce}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=${salt.toString('base64')},i=4096`;

describe('SCRAM-SHA-256', () => {
  it('proves the password to a server and the server to us', async () => {
    const exchange = new ScramExchange({ kind: 'n' }, nonce);
    expect(exchange.mechanism).toBe('SCRAM-SHA-256');
    const first = exchange.first().toString();
    expect(first).toBe(`n,,n=,r=${nonce}`);
    const final = (await exchange.final(Buffer.from(challenge), Buffer.from('pencil'))).toString();
    expect(final.startsWith(`c=biws,r=${nonce}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=`)).toBe(true);
    const answer = server('pencil', first, final, challenge);
    expect(answer.accepts).toBe(true);
    exchange.verify(Buffer.from(`v=${answer.signature}`));
  });

  it('is not fooled by a server that does not know the password', async () => {
    const exchange = new ScramExchange({ kind: 'n' }, nonce);
    const final = (await exchange.final(Buffer.from(challenge), Buffer.from('pencil'))).toString();
    const wrong = server('pencils', exchange.first().toString(), final, challenge);
    expect(wrong.accepts).toBe(false);
    for (const said of [`v=${wrong.signature}`, 'v=', '', 'e=other-error', `v=${Buffer.alloc(32).toString('base64')}`]) {
      expect(() => exchange.verify(Buffer.from(said))).toThrowError(failed('could not prove'));
    }
  });

  it('accepts no proof before its own was sent', () => {
    expect(() => new ScramExchange({ kind: 'n' }).verify(Buffer.from(`v=${Buffer.alloc(32).toString('base64')}`))).toThrowError(failed('could not prove'));
  });

  it('says that it could have bound the channel (y), and binds it to the certificate (p)', async () => {
    expect(new ScramExchange({ kind: 'y' }, nonce).first().toString()).toBe(`y,,n=,r=${nonce}`);
    const bound = new ScramExchange({ kind: 'tls-server-end-point', data: Buffer.from('hash') }, nonce);
    expect(bound.mechanism).toBe('SCRAM-SHA-256-PLUS');
    const final = (await bound.final(Buffer.from(challenge), Buffer.from('pencil'))).toString();
    expect(Buffer.from(final.slice(2, final.indexOf(',')), 'base64').toString()).toBe('p=tls-server-end-point,,hash');
  });

  it.each([
    ['a nonce that is not ours', challenge.replace('r=r', 'r=x'), 'nonce'],
    ['a nonce that is ours alone', challenge.replace(/%[^,]*/, ''), 'nonce'],
    ['a missing salt', `r=${nonce}x,i=4096`, 'malformed'],
    ['no iterations', challenge.replace('i=4096', 'i=0'), 'malformed'],
    ['iterations that would keep us busy', challenge.replace('i=4096', 'i=2000000000'), 'limit'],
    ['a mandatory extension', `m=x,${challenge}`, 'malformed'],
    ['garbage', '\0\0', 'malformed'],
  ])('refuses a challenge with %s', async (_what, text, say) => {
    await expect(new ScramExchange({ kind: 'n' }, nonce).final(Buffer.from(text), Buffer.from('pencil'))).rejects.toThrowError(failed(say));
  });

  it('takes a fresh nonce for each exchange', () => {
    expect(new ScramExchange({ kind: 'n' }).first()).not.toEqual(new ScramExchange({ kind: 'n' }).first());
  });
});

describe('SASLprep', () => {
  it('leaves ASCII as it is, controls included, in a buffer of its own', () => {
    const password = Buffer.from('p\t a$$');
    expect(saslPrep(password)).toEqual(password);
    expect(saslPrep(password)).not.toBe(password);
  });

  it.each([
    ['I\u00adX', 'IX'], // RFC 4013 section 3: soft hyphen is mapped to nothing
    ['\u00aa', 'a'], // output is NFKC
    ['a\u00a0b', 'a b'],
    ['пароль', 'пароль'],
    ['e\u0301', null], // combining marks are beyond what is certain here
    ['😀', null],
    ['\u0627\u0031', null], // right-to-left
  ])('prepares %j', (text, expected) => {
    if (expected === null) expect(() => saslPrep(Buffer.from(text))).toThrowError(failed('SASLprep'));
    else expect(saslPrep(Buffer.from(text)).toString()).toBe(expected);
  });

  it('refuses bytes that are no text', () => {
    expect(() => saslPrep(Buffer.from([0xc3, 0x28]))).toThrowError(failed('UTF-8'));
  });
});
