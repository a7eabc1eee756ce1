import * as oidc from 'openid-client';
import { isSecure } from '@sallyport/platform-config';
import { Failure } from '../failure.ts';
import { expired, isNetwork, issuerFailure, openIssuer, tokensOf, wanted, type Place, type Tokens } from './issuer.ts';

/** What a person must be shown to go on in a browser, anywhere. */
export interface Invitation {
  readonly url: string;
  /** True when the code must be typed there; else the address has it, and it is compared. */
  readonly enter: boolean;
  readonly code: string;
  readonly minutes: number;
}

/** Failed connections in a row that are waited out while polling. */
const maxFailures = 10;

/**
 * The device authorization grant (RFC 8628): shows the address and the code once, then asks the issuer at its own pace until the person has
 * confirmed, refused, or let it expire. `slow_down` is obeyed; a connection that fails for a moment is waited out. Throws a Failure.
 */
export async function logInByDevice(place: Place, show: (invitation: Invitation) => void, now: () => number = Date.now): Promise<Tokens> {
  const config = await openIssuer(place);
  if (config.serverMetadata().device_authorization_endpoint === undefined) {
    throw new Failure('invalid', `${place.issuer} does not offer the device authorization grant`, 'enable it there, or get a token otherwise and set SALLYPORT_TOKEN');
  }
  try {
    const started = await oidc.initiateDeviceAuthorization(config, { scope: place.scopes.join(' '), ...wanted(place) });
    show(invitation(started));
    const over = AbortSignal.timeout(started.expires_in * 1000);
    return tokensOf(await poll(config, started, place, over), place, now());
  } catch (error) {
    throw issuerFailure(error, place.issuer);
  }
}

async function poll(config: oidc.Configuration, started: oidc.DeviceAuthorizationResponse, place: Place, over: AbortSignal): ReturnType<typeof oidc.pollDeviceAuthorizationGrant> {
  for (let failures = 0; ; ) {
    try {
      return await oidc.pollDeviceAuthorizationGrant(config, started, wanted(place), { signal: over });
    } catch (error) {
      if (over.aborted) throw expired();
      if (!isNetwork(error) || ++failures > maxFailures) throw error;
    }
  }
}

/** The address is the issuer's word: it is shown only when it is a web address, and a secure one. */
function invitation({ verification_uri, verification_uri_complete, user_code, expires_in }: oidc.DeviceAuthorizationResponse): Invitation {
  const url = verification_uri_complete ?? verification_uri;
  if (!URL.canParse(url) || !isSecure(url)) throw new Failure('malformed', 'the issuer sends to an address that is not https', 'tell the administrator of the issuer');
  return { url: new URL(url).href, enter: verification_uri_complete === undefined, code: user_code, minutes: Math.max(1, Math.floor(expires_in / 60)) };
}
