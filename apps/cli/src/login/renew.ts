import * as oidc from 'openid-client';
import { Failure } from '../failure.ts';
import { isNetwork, issuerFailure, openIssuer, tokensOf, wanted } from './issuer.ts';
import type { Login, Logins } from './logins.ts';

/** A token is renewed when less than this is left, in milliseconds: the console's clock may differ, and a request takes its time. */
const marginMs = 30_000;

/** The token of a login, renewed when it is about to end and the issuer gave leave for that. Throws a Failure when the login is over. */
export async function tokenOf(login: Login, api: URL, logins: Logins, now: number = Date.now()): Promise<string> {
  if (left(login, now) > marginMs) return login.token;
  if (login.refreshToken === null) {
    if (left(login, now) > 0) return login.token;
    throw ended(login);
  }
  try {
    const config = await openIssuer({ ...login, resource: login.resource });
    const answer = await oidc.refreshTokenGrant(config, login.refreshToken, wanted(login));
    const renewed = { ...login, ...tokensOf(answer, login, now, login.refreshToken) };
    logins.keep(api, renewed);
    return renewed.token;
  } catch (error) {
    // Another sallyport may have renewed it in this very moment; refresh tokens are often good once.
    const other = logins.of(api);
    if (other !== null && other.token !== login.token && left(other, now) > 0) return other.token;
    if (left(login, now) > 0 && (isNetwork(error) || (error instanceof Failure && error.code === 'unreachable'))) return login.token;
    if (error instanceof oidc.ResponseBodyError && error.error === 'invalid_grant') throw ended(login);
    throw issuerFailure(error, login.issuer);
  }
}

/** Asks the issuer to forget the login. False when it cannot be asked or offers no such thing: then tokens run until they expire. */
export async function revoke(login: Login): Promise<boolean> {
  try {
    const config = await openIssuer(login);
    if (config.serverMetadata().revocation_endpoint === undefined) return false;
    await oidc.tokenRevocation(config, login.refreshToken ?? login.token, { token_type_hint: login.refreshToken === null ? 'access_token' : 'refresh_token' });
    return true;
  } catch {
    return false;
  }
}

const left = ({ expires }: Login, now: number): number => (expires === null ? Number.POSITIVE_INFINITY : Date.parse(expires) - now);

const ended = ({ person }: Login): Failure => new Failure('unauthenticated', `the login of ${person} has ended`, 'run `sallyport login`');
