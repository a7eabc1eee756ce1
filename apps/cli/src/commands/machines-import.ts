import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import { does, type Context } from '../context.ts';
import { exit, type ExitCode } from '../exit.ts';
import { Failure } from '../failure.ts';
import { readCsv } from '../imports/csv.ts';
import { entraIdentities, entraToken } from '../imports/entra.ts';
import type { Harvest } from '../imports/found.ts';
import { githubIdentities } from '../imports/github.ts';
import { kubernetesIdentities } from '../imports/kubernetes.ts';
import { sendImport, type ImportDefaults } from '../imports/send.ts';
import { VendorApi, type VendorApiOptions } from '../imports/vendor-api.ts';
import { importText } from '../output/imports.ts';

type Options = Record<string, unknown>;

export const machinesImport = (): Command =>
  new Command('import').description('draft machines of what a file or a directory names; nothing is activated').addCommand(csv()).addCommand(entra()).addCommand(github()).addCommand(kubernetes());

/** Credentials are read here, from a file or the environment, go to the vendor alone, and are printed nowhere. Options would be seen by other users of the machine. */
function secret(options: Options, env: NodeJS.ProcessEnv, variable: string, what: string): string {
  const file = text(options, 'secretFile');
  const found = (file === null ? env[variable] : read(file))?.trim();
  if (found === undefined || found === '') throw new Failure('usage', `no ${what} given`, `set ${variable}, or name a file with --secret-file`);
  if (!/^[\x21-\x7e]{1,16384}$/.test(found)) throw new Failure('usage', `the ${what} has characters that no credential has`, 'is it the right file?');
  return found;
}

const csv = () =>
  source(new Command('csv').description('a file of machines, one a line; the README of the command line names its columns').argument('<file>', 'the file, - for standard input'), 'csv', async (_context, [file = ''], _options) => readCsv(file === '-' ? readFileSync(0, 'utf8') : read(file)));

const entra = () =>
  source(
    new Command('entra')
      .description('service principals and managed identities of an Entra tenant, by Microsoft Graph')
      .requiredOption('--tenant <guid>', 'the directory').requiredOption('--client-id <guid>', 'an app registration that may read applications; its secret is AZURE_CLIENT_SECRET')
      .option('--secret-file <file>', 'where the secret is').option('--with-foreign', 'applications of other firms, too, as their vendor’s')
      .option('--graph <url>', 'for national clouds', 'https://graph.microsoft.com').option('--login <url>', 'for national clouds', 'https://login.microsoftonline.com'),
    'entra',
    async (context, _args, options) => {
      const tenant = String(options['tenant']);
      const asked = { ...binding(options), tenant, clientId: String(options['clientId']), clientSecret: secret(options, context.env, 'AZURE_CLIENT_SECRET', 'client secret'), foreign: options['withForeign'] === true ? 'with-foreign' : 'own' } as const;
      if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(tenant)) throw new Failure('usage', '--tenant is the GUID of one directory', 'tokens name their tenant by it, and names change');
      const graph = String(options['graph']);
      const token = await entraToken(vendorApi(context, options, { vendor: 'Entra', base: String(options['login']), headers: {} }), asked, `${graph.replace(/\/+$/, '')}/.default`);
      return entraIdentities(vendorApi(context, options, { vendor: 'Microsoft Graph', base: graph, headers: { authorization: `Bearer ${token}` } }), asked);
    },
  );

const github = () =>
  source(
    new Command('github')
      .description('workflows of an organisation’s repositories, by environment, and its apps; the token is GITHUB_TOKEN')
      .requiredOption('--organisation <name>', 'whose repositories').option('--secret-file <file>', 'where the token is').option('--api <url>', 'of an own server: https://HOST/api/v3', 'https://api.github.com'),
    'github',
    async (context, _args, options) => {
      const headers = { authorization: `Bearer ${secret(options, context.env, 'GITHUB_TOKEN', 'token')}`, accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' };
      return githubIdentities(vendorApi(context, options, { vendor: 'GitHub', base: String(options['api']), headers }), { ...binding(options), organisation: String(options['organisation']) });
    },
  );

const kubernetes = () =>
  source(
    new Command('kubernetes')
      .description('ServiceAccounts of a cluster; the token is SALLYPORT_KUBERNETES_TOKEN, as `kubectl create token` prints one')
      .requiredOption('--server <url>', 'the API server').option('--namespace <name>', 'of this namespace only; may be given several times', several).option('--secret-file <file>', 'where the token is'),
    'kubernetes',
    async (context, _args, options) => {
      const headers = { authorization: `Bearer ${secret(options, context.env, 'SALLYPORT_KUBERNETES_TOKEN', 'token')}` };
      return kubernetesIdentities(vendorApi(context, options, { vendor: 'the Kubernetes API server', base: String(options['server']), headers }), { ...binding(options), namespaces: list(options['namespace']) });
    },
  );

/** What all sources have: whom to name where they do not say, and what to do with the drafts. */
function source(command: Command, name: string, harvest: (context: Context, args: string[], options: Options) => Promise<Harvest>): Command {
  if (name !== 'csv') command.option('--issuer <name>', 'Issuer document of their tokens; without it drafts have no binding').option('--audience <aud>', 'where the issuer has several').option('--ca <file>', 'PEM file of a private authority of that API');
  return does(
    command
      .option('--owner <person>', 'who answers for those whose owner is not named').option('--backup <person>', 'who stands in').option('--team <name>', 'of those that name none')
      .addOption(new Option('--environment <name>', 'of those that name none').choices(['production', 'staging', 'test', 'development']))
      .addOption(new Option('--criticality <level>', 'of those that name none').choices(['low', 'medium', 'high', 'critical']))
      .option('--review-by <day>', 'the first review; default in 90 days')
      .option('--dry-run', 'only say what would be drafted').option('--write <dir>', 'write the drafts as YAML instead, to be applied or proposed as a change'),
    async (context, args, options): Promise<ExitCode> => {
      const { out, api } = context;
      const found = await harvest(context, args, options);
      const folder = text(options, 'write');
      const sum = await sendImport(api(), name, found, defaults(options), options['dryRun'] === true || folder !== null);
      if (folder !== null) writeDrafts(folder, sum.documents);
      out.show(sum, (value) => `${importText(value, out)}${folder === null ? '' : `\nwritten to ${folder}`}`);
      return sum.refused.length === 0 ? exit.ok : exit.failed;
    },
  );
}

function vendorApi({ out }: Context, options: Options, { vendor, base, headers }: Pick<VendorApiOptions, 'vendor' | 'base' | 'headers'>): VendorApi {
  const ca = text(options, 'ca');
  return new VendorApi({ vendor, base, headers, ca: ca === null ? null : read(ca), warn: (line) => out.warn(line), sleep: (ms) => sleep(ms) });
}

const defaults = (options: Options): ImportDefaults => ({ owner: text(options, 'owner'), backupOwner: text(options, 'backup'), environment: text(options, 'environment'), criticality: text(options, 'criticality'), reviewBy: text(options, 'reviewBy'), team: text(options, 'team') });
const binding = (options: Options) => ({ issuer: text(options, 'issuer'), audience: text(options, 'audience') });

function writeDrafts(folder: string, documents: readonly unknown[]): void {
  try {
    mkdirSync(folder, { recursive: true });
    // A file that is there was perhaps corrected by somebody: it is not written over.
    writeFileSync(join(folder, 'imported-machines.yaml'), documents.map((one) => stringify(one, { lineWidth: 100 })).join('---\n'), { flag: 'wx' });
  } catch (error) {
    const there = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw new Failure('usage', there ? `${join(folder, 'imported-machines.yaml')} is there already` : `${folder} cannot be written`, there ? 'move it away, or name another folder' : null);
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new Failure('usage', `${file} cannot be read`);
  }
}

const text = (options: Options, name: string): string | null => {
  const value = options[name];
  return typeof value === 'string' && value !== '' ? value : null;
};
const several = (value: string, before: string[] = []) => [...before, value];
const list = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []);
