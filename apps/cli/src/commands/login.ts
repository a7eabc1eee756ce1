import { Command, Option } from 'commander';
import { isSecure } from '@sallyport/platform-config';
import { Api } from '../api.ts';
import { does, type Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { logInByDevice, type Invitation } from '../login/device.ts';
import type { Place } from '../login/issuer.ts';
import type { Login } from '../login/logins.ts';
import { revoke } from '../login/renew.ts';
import { moment } from '../output/moment.ts';
import { fields } from '../output/table.ts';
import { visibleLine } from '../output/visible.ts';
import { loginPlaces, me } from '../shapes.ts';

const list = (names: readonly string[]) => (names.length === 0 ? 'none' : names.join(', '));

/** Logs a person in with a browser, on this machine or any other, and keeps the login for later commands. */
export const loginCommand = (): Command =>
  does(
    new Command('login')
      .description('log in with a browser, here or on another machine')
      .option('--issuer <name or url>', 'where to log in, when the console knows several or none')
      .addOption(new Option('--client-id <id>', 'public client of the issuer').env('SALLYPORT_LOGIN_CLIENT_ID'))
      .addOption(new Option('--scope <scopes>', 'scopes, separated by blanks').env('SALLYPORT_LOGIN_SCOPE'))
      .addOption(new Option('--audience <audience>', 'for issuers that want this parameter').env('SALLYPORT_LOGIN_AUDIENCE'))
      .addOption(new Option('--resource <url>', 'for issuers that want this parameter (RFC 8707)').env('SALLYPORT_LOGIN_RESOURCE'))
      .addOption(new Option('--issuer-ca <file>', 'PEM file of the authority that signed the certificate of the issuer').env('SALLYPORT_LOGIN_CA'))
      .addOption(new Option('--token <kind>', 'which token the console is shown').choices(['access', 'id'])),
    async (context, _args, options) => {
      const { out, settings } = context;
      const { api, logins } = settings();
      if (!isSecure(api.href)) throw new Failure('usage', `${api.origin} is not https: a login would travel in the clear`, 'use the https address of the console; http is for loopback addresses only');
      const place = await placeOf(context, options);
      const say = (line: string) => (out.form === 'json' ? out.warn(line) : out.note(line));
      const tokens = await logInByDevice(place, (invitation) => say(invitationText(invitation)));
      // The console has the last word on who this is: a token that it does not take is not kept.
      const fresh: Login = { ...place, ...tokens, person: '', scopes: [...place.scopes] };
      const { person, roles, groups } = await new Api({ ...settings(), credential: { from: 'SALLYPORT_TOKEN', token: fresh.token } }, (line) => out.warn(line)).get('/v1/me', me).catch((error: unknown) => {
        throw error instanceof Failure ? new Failure(error.code, `logged in at ${new URL(place.issuer).host}, but the console does not take its token: ${error.message}`, 'are audience and Person document as the issuer has them?') : error;
      });
      logins.keep(api, { ...fresh, person });
      if (context.env['SALLYPORT_TOKEN']) out.warn('warning: SALLYPORT_TOKEN is set and goes before this login');
      out.show({ person, roles, groups, expires: fresh.expires, renewed: fresh.refreshToken !== null }, (now) => `logged in as ${visibleLine(now.person)}, roles ${list(now.roles)}${until(fresh)}`);
    },
  );

export const logoutCommand = (): Command =>
  does(new Command('logout').description('forget the login at this API, and end it at the issuer where it offers that'), async ({ out, settings }) => {
    const { api, logins } = settings();
    const login = logins.of(api);
    if (login === null) return out.show({ loggedOut: false, revoked: false }, () => 'nobody was logged in');
    const revoked = await revoke(login);
    logins.forget(api);
    if (!revoked) out.warn(`warning: ${new URL(login.issuer).host} could not be told; a token that somebody copied works until it expires`);
    out.show({ loggedOut: true, revoked }, () => `${visibleLine(login.person)} is logged out`);
  });

export const whoamiCommand = (): Command =>
  does(new Command('whoami').description('who you are here, with which roles, and until when'), async ({ out, api, settings }) => {
    const { credential } = settings();
    const who = await api().get('/v1/me', me);
    const from = credential.from === 'login' ? `login at ${new URL(credential.login.issuer).host}` : credential.from;
    const renewed = credential.from === 'login' && credential.login.refreshToken !== null;
    out.show({ ...who, from, renewed }, ({ person, roles, groups, tokenExpires }) =>
      fields([['person', person], ['roles', list(roles)], ['groups', list(groups)], ['by', from ?? 'nothing'], ['until', `${tokenExpires === null ? 'no end' : moment(tokenExpires)}${renewed ? ', renewed by itself' : ''}`]]),
    );
  });

/** From flags and environment; what they leave out, the console says. */
async function placeOf({ settings, out, env }: Context, options: Record<string, unknown>): Promise<Place> {
  const given = (name: string) => (typeof options[name] === 'string' && options[name] !== '' ? options[name] : null);
  const wish = given('issuer') ?? (env['SALLYPORT_LOGIN_ISSUER'] || null);
  const clientId = given('clientId');
  // Without a token: the one that is kept may have ended.
  const anonymous = new Api({ ...settings(), credential: { from: null } }, (line) => out.warn(line));
  const known = wish !== null && clientId !== null && URL.canParse(wish) ? null : await knownPlace(anonymous, wish);
  const issuer = known?.issuer ?? wish;
  const client = clientId ?? known?.clientId ?? null;
  if (issuer === null || client === null) throw new Failure('usage', 'it is not known where to log in', 'name --issuer and --client-id, or give the Issuer document a `login`');
  return {
    issuer,
    clientId: client,
    scopes: given('scope')?.split(/\s+/).filter((scope) => scope !== '') ?? known?.scopes ?? ['openid', 'offline_access'],
    audience: given('audience') ?? known?.audience ?? null,
    resource: given('resource') ?? known?.resource ?? null,
    kind: options['token'] === 'id' ? 'id' : options['token'] === 'access' ? 'access' : (known?.token ?? 'access'),
    ca: given('issuerCa'),
  };
}

async function knownPlace(api: Api, wish: string | null) {
  const { issuers } = await api.get('/v1/login', loginPlaces);
  const fitting = wish === null ? issuers : issuers.filter(({ name, issuer }) => name === wish || issuer === wish);
  const [one, other] = fitting;
  if (other !== undefined) throw new Failure('usage', 'people log in at several issuers here', `name one: ${fitting.map(({ name }) => `--issuer ${name}`).join(', ')}`);
  if (one !== undefined) return one;
  if (wish !== null && URL.canParse(wish)) return null;
  throw new Failure('usage', wish === null ? 'the console knows no issuer where people log in' : `the console knows no issuer ${wish} where people log in`, issuers.length > 0 ? `it knows ${issuers.map(({ name }) => name).join(', ')}` : 'name --issuer and --client-id, or give the Issuer document a `login`');
}

function invitationText({ url, code, enter, minutes }: Invitation): string {
  const shown = visibleLine(code);
  const then = enter ? `and enter the code  ${shown}` : `and check that it shows the code  ${shown}`;
  return `Open this page in a browser, here or on another machine:\n\n    ${visibleLine(url)}\n\n${then}  (within ${minutes} ${minutes === 1 ? 'minute' : 'minutes'})\n`;
}

function until({ expires, refreshToken }: Login): string {
  if (refreshToken !== null) return '; renewed by itself while the issuer allows it';
  return expires === null ? '' : `, until ${moment(expires)}`;
}
