import * as oidc from 'openid-client';
import { isSecure } from '@sallyport/platform-config';
import { Failure } from '../failure.ts';
import { privateFetch } from './private-fetch.ts';

/** Where and as what a person logs in. */
export interface Place {
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly audience: string | null;
  readonly resource: string | null;
  readonly kind: 'access' | 'id';
  /** PEM file; null for the system's authorities. */
  readonly ca: string | null;
}

/** What the issuer gave. */
export interface Tokens {
  readonly token: string;
  readonly refreshToken: string | null;
  /** RFC 3339; null when it does not say. */
  readonly expires: string | null;
}

/** Seconds that one exchange with the issuer may take. */
const patience = 15;

/** Reads the issuer's discovery document. https only, but for loopback. Throws a Failure. */
export async function openIssuer({ issuer, clientId, ca }: Place): Promise<oidc.Configuration> {
  if (!URL.canParse(issuer) || !isSecure(issuer)) throw new Failure('invalid', `the issuer ${issuer} is not https`, 'logins go over https; http is for loopback addresses only');
  try {
    const insecure = new URL(issuer).protocol === 'http:' ? { execute: [oidc.allowInsecureRequests] } : {};
    return await oidc.discovery(new URL(issuer), clientId, undefined, oidc.None(), { timeout: patience, ...insecure, ...(ca === null ? {} : { [oidc.customFetch]: privateFetch(ca) }) });
  } catch (error) {
    throw issuerFailure(error, issuer);
  }
}

/** The parameters that both requests of a login carry, besides its scopes. */
export function wanted({ audience, resource }: Place): Record<string, string> {
  return { ...(audience === null ? {} : { audience }), ...(resource === null ? {} : { resource }) };
}

/** Takes the token that the console is to see. Throws a Failure when the issuer did not give it. */
export function tokensOf(answer: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers, { kind, issuer }: Pick<Place, 'kind' | 'issuer'>, now: number, refreshToken: string | null = null): Tokens {
  const token = kind === 'id' ? answer.id_token : answer.access_token;
  if (token === undefined) throw new Failure('invalid', `${issuer} gave no ID token`, 'ask for the scope openid');
  const seconds = kind === 'access' ? answer.expiresIn() : undefined;
  return { token, refreshToken: answer.refresh_token ?? refreshToken, expires: seconds === undefined ? endOf(token) : new Date(now + seconds * 1000).toISOString() };
}

/** What a JWT says of its own end; null for any other token. Only used to renew in time: the console decides whether it is good. */
function endOf(token: string): string | null {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    const exp = typeof claims === 'object' && claims !== null && 'exp' in claims ? claims.exp : null;
    return typeof exp === 'number' ? new Date(exp * 1000).toISOString() : null;
  } catch {
    return null;
  }
}

/** Every way in which an issuer fails, for a person. Nothing of a token is in it. */
export function issuerFailure(error: unknown, issuer: string): Failure {
  if (error instanceof Failure) return error;
  const { host } = new URL(issuer);
  if (error instanceof oidc.ResponseBodyError) return told(error, host);
  const cause = error instanceof Error ? error.cause : undefined;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : null;
  if (code !== null && /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|EPROTO/.test(code)) return new Failure('tls', `the certificate of ${host} is not trusted (${code})`, 'name the PEM file of its authority with --issuer-ca');
  if (isNetwork(error)) return new Failure('unreachable', `the issuer ${host} cannot be reached${code === null ? '' : ` (${code})`}`, 'try again; is the issuer running?');
  return new Failure('malformed', `the issuer ${host} does not answer as OpenID Connect says: ${error instanceof Error ? error.message : 'no reason given'}`, 'is --issuer exact?');
}

/** The connection failed, not the login. */
export function isNetwork(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === 'TimeoutError' || error.name === 'AbortError' || (error instanceof TypeError && /fetch failed|too large/.test(error.message)) || (error instanceof oidc.ClientError && (error.code === 'OAUTH_TIMEOUT' || error.code === 'OAUTH_ABORT'));
}

function told({ error, error_description: description }: oidc.ResponseBodyError, host: string): Failure {
  switch (error) {
    case 'access_denied':
      return new Failure('denied', `the login was refused at ${host}`, 'run `sallyport login` again if that was a mistake');
    case 'expired_token':
      return expired();
    case 'invalid_client':
    case 'unauthorized_client':
    case 'unsupported_grant_type':
      return new Failure('denied', `${host} does not let this client log in (${error})`, 'the client must be public and have the device authorization grant; the administrator of the issuer knows');
    default:
      return new Failure('denied', `${host} refused: ${error.slice(0, 60)}${description === undefined ? '' : `, ${description.slice(0, 200)}`}`);
  }
}

export const expired = (): Failure => new Failure('unauthenticated', 'nobody confirmed the code in time', 'run `sallyport login` again');
