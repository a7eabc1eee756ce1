import { randomBytes } from 'node:crypto';
import Provider, { type Adapter, type Configuration } from 'oidc-provider';
import { cast } from './cast.ts';
import type { IssuerState } from './state.ts';

/** Seconds that a demo token lives. */
export const tokenSeconds = 600;
const resource = 'urn:sallyport';

/**
 * A real OpenID Connect provider: discovery, keys, and a token endpoint for client credentials. Tokens are JWTs (RFC 9068) for audience
 * `sallyport`, ES256, with `jti`. There are no login pages: each player of the demo is a client with a secret.
 */
export function demoProvider(issuer: string, state: IssuerState): Provider {
  const configuration: Configuration = {
    adapter: () => new Forgetful(),
    jwks: { keys: [state.key] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clients: cast.map(({ name }) => ({
      client_id: name,
      client_secret: state.secrets[name] ?? '',
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      token_endpoint_auth_method: 'client_secret_basic',
    })),
    ttl: { ClientCredentials: tokenSeconds },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      dPoP: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        getResourceServerInfo: () => ({ scope: '', audience: 'sallyport', accessTokenFormat: 'jwt', accessTokenTTL: tokenSeconds, jwt: { sign: { alg: 'ES256' } } }),
      },
    },
    extraTokenClaims: (_context, token) => ({ ...cast.find(({ name }) => name === token.clientId)?.claims }),
  };
  return new Provider(issuer, configuration);
}

/** JWT access tokens are not stored, and nothing else is issued: there is nothing to keep. */
class Forgetful implements Adapter {
  async upsert(): Promise<void> {}
  async find(): Promise<undefined> {}
  async findByUserCode(): Promise<undefined> {}
  async findByUid(): Promise<undefined> {}
  async consume(): Promise<void> {}
  async destroy(): Promise<void> {}
  async revokeByGrantId(): Promise<void> {}
}
