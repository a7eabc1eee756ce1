import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { z } from 'zod';
import { does, type Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { directoriesText } from '../output/directories.ts';

export const directory = z.object({
  name: z.string(), kind: z.string(), state: z.string(), seen: z.string().nullable(), users: z.number(), inactive: z.number(), fault: z.string().nullable(),
  transmitter: z.object({ issuer: z.string(), audience: z.string(), poll: z.string().nullable() }).nullable(),
});
export type Directory = z.infer<typeof directory>;
const answer = z.object({ directory });

export const directoriesCommand = (): Command =>
  new Command('directories').description('who tells us that people come and go: directories (SCIM) and transmitters of security events').addCommand(list()).addCommand(add()).addCommand(addSsf()).addCommand(rotate()).addCommand(revoke());

const list = () =>
  does(new Command('list').description('directories, and when each was heard last'), async ({ out, api }) => {
    out.show(await api().get('/v1/directories', z.object({ directories: z.array(directory) })), (value) => directoriesText(value.directories));
  });

const add = () =>
  does(new Command('add').description('let a directory (Okta, Entra) tell by SCIM who comes and goes; prints its token, once').argument('<name>', 'lower case letters, digits and dashes'), (context, [name = '']) =>
    tell(context, '/v1/directories', { name }, 'scim'),
  );

const addSsf = () =>
  does(
    new Command('add-ssf')
      .description('take security events (OpenID Shared Signals) of an identity provider; prints the token that it pushes them with, once')
      .argument('<name>', 'lower case letters, digits and dashes')
      .requiredOption('--issuer <url>', 'the iss of its events, exactly').requiredOption('--jwks <url>', 'where its keys are').requiredOption('--audience <text>', 'the aud of its events, exactly')
      .option('--ca <file>', 'PEM file of the authority of its servers; default: the system’s')
      .option('--poll <url>', 'fetch events there, instead of having them pushed').option('--credential <reference>', 'file:NAME or env:NAME, with governance: the token to fetch them with'),
    (context, [name = ''], { issuer, jwks, audience, ca, poll, credential }) => {
      if ((poll === undefined) !== (credential === undefined)) throw new Failure('usage', '--poll goes with --credential', 'the credential is a file in SALLYPORT_SECRETS_DIR of the governance service, JSON with username and password; the password is the token');
      return tell(context, '/v1/directories', { name, transmitter: { issuer, jwksUri: jwks, audience, authority: ca === undefined ? null : pem(String(ca)), poll: poll ?? null, credential: credential ?? null } }, 'ssf');
    },
  );

const rotate = () =>
  does(new Command('rotate').description('another token, printed once; the one before is worth nothing from now on').argument('<name>'), (context, [name = '']) => tell(context, `/v1/directories/${encodeURIComponent(name)}/rotate`, {}, null));

const revoke = () =>
  does(new Command('revoke').description('hear it no more; what it told stays').argument('<name>'), async ({ out, api }, [name = '']) => {
    out.show(await api().post(`/v1/directories/${encodeURIComponent(name)}/revoke`, {}, answer), (value) => `${value.directory.name} is not heard any more`);
  });

/** The token is made here and printed here; the installation gets its hash alone. */
async function tell({ out, api, env }: Context, path: string, body: object, kind: 'scim' | 'ssf' | null): Promise<void> {
  const token = `sld_${randomBytes(32).toString('base64url')}`;
  const { directory: made } = await api().post(path, { ...body, tokenHash: createHash('sha256').update(token).digest('hex') }, answer);
  const base = env['SALLYPORT_SIGNALS_URL'] ?? 'https://<the address of SALLYPORT_SIGNALS_LISTEN>';
  const url = `${base}${(kind ?? made.kind) === 'scim' ? '/scim/v2' : '/ssf/v1/events'}`;
  out.show({ directory: made, token, url }, () => `${made.name} is heard at ${url}\nits bearer token, which is shown this once:\n${token}`);
}

function pem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new Failure('usage', `${file} cannot be read`, 'it is the PEM file of an authority');
  }
}
