import { randomBytes } from 'node:crypto';
import Provider, { type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import { cast, people } from './cast.ts';
import { memory } from './login/memory.ts';
import { codePage, confirmPage, donePage, pageHeaders, troublePage } from './login/pages.ts';
import { pickPath } from './login/pick.ts';
import type { IssuerState } from './state.ts';

/** Seconds that a demo token lives, and how long a person's login can be renewed: a working day. */
export const tokenSeconds = 600;
const loginSeconds = 8 * 3600;
const resource = 'urn:sallyport';
/** The command line client: public, without a secret. */
export const loginClient = 'sallyport-cli';

/**
 * A real OpenID Connect provider: discovery, keys, a token endpoint for the client credentials of every player, and for people the device
 * authorization grant (RFC 8628) with pages of its own. Tokens are JWTs (RFC 9068) for audience `sallyport`, ES256, with `jti`.
 */
export function demoProvider(issuer: string, state: IssuerState): Provider {
  const configuration: Configuration = {
    adapter: memory(),
    jwks: { keys: [state.key] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clients: [
      ...cast.map(({ name }) => ({
        client_id: name, client_secret: state.secrets[name] ?? '', grant_types: ['client_credentials'], response_types: [], redirect_uris: [], token_endpoint_auth_method: 'client_secret_basic' as const,
      })),
      { client_id: loginClient, grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'], response_types: [], redirect_uris: [], token_endpoint_auth_method: 'none' },
    ],
    ttl: { ClientCredentials: tokenSeconds, AccessToken: tokenSeconds, IdToken: tokenSeconds, DeviceCode: tokenSeconds, Interaction: tokenSeconds, Session: tokenSeconds, Grant: loginSeconds, RefreshToken: loginSeconds },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      dPoP: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: { enabled: true, allowedPolicy: (_context, client, token) => token.clientId === client.clientId },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: (context, form, _out, error) => show(context, codePage(form, error === undefined ? null : troubleOf(error))),
        userCodeConfirmSource: (context, form, _client, _device, code) => show(context, confirmPage(form, code)),
        successSource: (context) => show(context, donePage()),
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: '', audience: 'sallyport', accessTokenFormat: 'jwt', accessTokenTTL: tokenSeconds, jwt: { sign: { alg: 'ES256' } } }),
      },
    },
    interactions: { url: (_context, { uid }) => `${pickPath}${uid}` },
    findAccount: (_context, name) => (people.some((person) => person.name === name) ? { accountId: name, claims: () => ({ sub: name }) } : undefined),
    // Our own client: nobody is asked whether it may.
    loadExistingGrant: async (context) => {
      const { client, session, provider } = context.oidc;
      if (client?.clientId !== loginClient || session?.accountId === undefined) return undefined;
      const grant = new provider.Grant({ clientId: loginClient, accountId: session.accountId });
      grant.addOIDCScope('openid offline_access');
      grant.addResourceScope(resource, '');
      await grant.save();
      return grant;
    },
    // The browser's session forgets who it was; the login in the terminal goes on.
    expiresWithSession: () => false,
    issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: () => true,
    renderError: (context, out) => show(context, troublePage(out.error_description ?? out.error)),
    extraTokenClaims: (_context, token) => ({ ...cast.find(({ name }) => name === token.clientId)?.claims }),
  };
  return new Provider(issuer, configuration);
}

function show(context: KoaContextWithOIDC, page: string): void {
  context.set({ ...pageHeaders });
  context.body = page;
}

/** Why a code was not taken, as the provider names it. */
function troubleOf(error: Error): string {
  switch (error.name) {
    case 'NoCodeError':
    case 'NotFoundError':
      return 'There is no such code. Look at your terminal again.';
    case 'ExpiredError':
      return 'The code has expired. Start again with sallyport login.';
    case 'AlreadyUsedError':
      return 'The code was used already.';
    case 'AbortedError':
      return 'The login was cancelled. Nothing happened.';
    default:
      return 'The code was not taken. Start again with sallyport login.';
  }
}
