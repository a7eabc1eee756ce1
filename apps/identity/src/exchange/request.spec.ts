import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identityConfig } from '../config.ts';
import { OAuthError } from './oauth-error.ts';
import { readRequest } from './request.ts';
import { exchangeGrant } from './token-types.ts';

const good = { grant_type: exchangeGrant, subject_token: 'a.b.c', subject_token_type: 'urn:ietf:params:oauth:token-type:jwt', audience: 'box' };

describe('the form of an exchange', () => {
  it('asks for a ticket of a quarter of an hour unless it says otherwise', () => {
    expect(readRequest(new URLSearchParams({ ...good, subject_token: ' a.b.c\n', client_id: 'some-library' }))).toEqual({ subjectToken: 'a.b.c', subjectKind: 'jwt', actorToken: null, type: 'ticket', targets: ['box'], publicKey: null, extensions: [], uses: null, lifetime: 900, sources: null });
    expect(readRequest(new URLSearchParams([...Object.entries(good), ['audience', 'r@box'], ['audience', 'box']])).targets).toEqual(['box', 'r@box']);
  });

  it('has an actor token with its type, and then a JWT for both', () => {
    const jwt = good.subject_token_type;
    const read = (over: Record<string, string>) => {
      try {
        return readRequest(new URLSearchParams({ ...good, ...over })).actorToken;
      } catch (error) {
        return error instanceof OAuthError ? error.reason : String(error);
      }
    };
    expect(read({ actor_token: 'd.e.f ', actor_token_type: 'urn:ietf:params:oauth:token-type:access_token' })).toBe('d.e.f');
    expect([read({ actor_token: 'd.e.f' }), read({ actor_token_type: jwt })]).toEqual(['actor-token', 'actor-token']);
    for (const type of ['urn:ietf:params:oauth:token-type:saml2', 'urn:sallyport:params:oauth:token-type:x509-svid', 'x']) expect(read({ actor_token: 'd.e.f', actor_token_type: type })).toBe('actor-token-type');
    expect(read({ actor_token: 'd.e.f', actor_token_type: jwt, subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' })).toBe('subject-token-type');
    expect(read({ actor_token: 'd.e.f', actor_token_type: jwt, subject_token: '', subject_token_type: 'urn:sallyport:params:oauth:token-type:x509-svid' })).toBe('subject-token-type');
  });

  it('of anything at all is read or refused as OAuth says, in characters that an error may have', () => {
    const word = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...Object.keys(good), ...Object.values(good), 'uses', '7', 'public_key', 'source_address', 'extension', 'permit-pty', 'ssh-ed25519 AAAA'));
    const form = fc.array(fc.tuple(word, word), { maxLength: 8 }).map((pairs) => [...Object.entries(good), ...pairs]);
    fc.assert(
      fc.property(fc.oneof(form, fc.array(fc.tuple(word, word))), (pairs) => {
        try {
          readRequest(new URLSearchParams(pairs));
        } catch (error) {
          if (!(error instanceof OAuthError)) throw error;
          expect(error.description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/);
          expect(error.status).toBe(400);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never repeats the token', () => {
    for (const over of [{ uses: 'secret-token' }, { 'secret-token': 'x' }, { audience: 'secret token' }, { public_key: 'secret-token' }, { source_address: 'secret-token' }]) {
      try {
        readRequest(new URLSearchParams({ ...good, ...over }));
        expect.unreachable();
      } catch (error) {
        // The name of a parameter is told, when it is an ordinary word: that is how a typo is found.
        if (!('secret-token' in over)) expect(String(error)).not.toContain('secret');
      }
    }
  });
});

describe('the settings of the exchange', () => {
  const parse = (env: Record<string, string>) => identityConfig.safeParse({ SALLYPORT_DSN: 'postgres://x', ...env });

  it('let tokens travel in the clear on loopback only', () => {
    expect(parse({}).success).toBe(true);
    for (const at of ['127.0.0.1:8444', '[::1]:8444', 'localhost:8444']) expect(parse({ SALLYPORT_TOKEN_LISTEN: at }).success).toBe(true);
    for (const at of ['0.0.0.0:8444', '10.0.0.1:8444', '[::]:8444', '127.0.0.1.example:1', 'token.bank.example:443']) expect(parse({ SALLYPORT_TOKEN_LISTEN: at }).success).toBe(false);
    expect(parse({ SALLYPORT_TOKEN_LISTEN: '0.0.0.0:8444', SALLYPORT_TLS_CERT: '/c', SALLYPORT_TLS_KEY: '/k' }).success).toBe(true);
    expect(parse({ SALLYPORT_TLS_CERT: '/c' }).success).toBe(false);
  });

  it('name hosts and no patterns', () => {
    expect(parse({ SALLYPORT_SSH_HOSTS: 'ssh.bank.example, 10.0.0.1,::1' }).data?.SALLYPORT_SSH_HOSTS).toEqual(['ssh.bank.example', '10.0.0.1', '::1']);
    for (const hosts of ['*', '*.bank.example', 'a b', '!a', 'a\n@cert-authority * x']) expect(parse({ SALLYPORT_SSH_HOSTS: hosts }).success).toBe(false);
  });
});
