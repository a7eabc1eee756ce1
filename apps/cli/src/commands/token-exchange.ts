import { readFileSync, writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { does } from '../context.ts';
import { exit, type ExitCode } from '../exit.ts';
import { Failure } from '../failure.ts';
import { authorityOf } from '../settings.ts';
import { askTokenPlace, tokenPlace, type Answer } from '../token-place.ts';
import { standardInput } from '../standard-input.ts';

const jwt = 'urn:ietf:params:oauth:token-type:jwt';
const types = { ticket: 'urn:sallyport:params:oauth:token-type:ticket', 'ssh-cert': 'urn:sallyport:params:oauth:token-type:ssh-user-cert' } as const;

const exchanged = z.object({ access_token: z.string(), issued_token_type: z.string(), token_type: z.string(), expires_in: z.number() });
const refused = z.object({ error: z.string(), error_description: z.string().default('') });

const several = (value: string, before: string[] = []) => [...before, value];

/**
 * Exchanges a machine's token for a ticket, which is printed, or an SSH certificate, which is written beside its key. For people at a keyboard and for scripts that have this
 * program; a machine needs curl alone.
 */
export const tokenExchange = (): Command =>
  does(
    new Command('exchange')
      .description('exchange a machine’s token for a ticket, or for an SSH certificate on your key')
      .argument('[token]', 'the token, or - for standard input; default --token-file, then SALLYPORT_TOKEN')
      .requiredOption('--target <[role@]target>', 'what it is for; may be given several times', several)
      .addOption(new Option('--type <type>', 'what to get').choices(Object.keys(types)).default('ticket'))
      .option('--public-key <file>', 'the .pub file to be certified, or that a ticket is bound to')
      .option('--extension <name>', 'for a certificate: permit-pty, permit-port-forwarding', several)
      .option('--uses <number>', 'how often it may be used')
      .option('--lifetime <seconds>', 'how long, at most 900')
      .option('--source-address <list>', 'addresses and ranges that it may come from, with commas')
      .option('--token-file <file>', 'where the token is')
      .option('--on-behalf-of <file>', 'where the token of the person or machine is on whose behalf this machine acts; its own is then the actor token')
      .option('--out <file>', 'where to write it; a certificate goes beside its key unless said otherwise, - is standard output')
      .option('--url <url>', 'where tokens are exchanged; default SALLYPORT_TOKEN_URL'),
    async ({ out, env }, [given], options): Promise<ExitCode> => {
      const text = (name: string) => (typeof options[name] === 'string' && options[name] !== '' ? options[name] : null);
      const place = tokenPlace(options['url'], env);
      const type = text('type') === 'ssh-cert' ? 'ssh-cert' : 'ticket';
      const keyFile = text('publicKey');
      if (type === 'ssh-cert' && keyFile === null) throw new Failure('usage', 'an SSH certificate needs --public-key', 'make a key with: ssh-keygen -t ed25519');
      const own = await tokenOf(given, text('tokenFile'), env);
      const behalf = text('onBehalfOf');
      const form = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token_type: jwt, requested_token_type: types[type], subject_token: behalf === null ? own : read(behalf) });
      if (behalf !== null) for (const [name, value] of [['actor_token', own], ['actor_token_type', jwt]] as const) form.set(name, value);
      for (const target of list(options['target'])) form.append('audience', target);
      for (const name of list(options['extension'])) form.append('extension', name);
      if (keyFile !== null) form.set('public_key', read(keyFile));
      for (const [option, parameter] of [['uses', 'uses'], ['lifetime', 'lifetime'], ['sourceAddress', 'source_address']] as const) {
        const value = text(option);
        if (value !== null) form.set(parameter, value);
      }
      const answer = accepted(await askTokenPlace(place, '/v1/token', form, authorityOf(env)));
      const file = text('out') ?? (type === 'ssh-cert' && keyFile !== null && out.form === 'text' ? `${keyFile.replace(/\.pub$/, '')}-cert.pub` : '-');
      if (file === '-') {
        out.show(answer, (one) => one.access_token);
        return exit.ok;
      }
      write(file, `${answer.access_token}\n`);
      out.show({ ...answer, access_token: null, file }, () => `${file}, for ${answer.expires_in} s`);
      return exit.ok;
    },
  );

async function tokenOf(given: string | undefined, file: string | null, env: NodeJS.ProcessEnv): Promise<string> {
  const token = (given === '-' ? await standardInput() : (given ?? (file === null ? env['SALLYPORT_TOKEN'] : read(file))))?.trim();
  if (token === undefined || token === '') throw new Failure('usage', 'no token given', 'name --token-file, pipe one to `sallyport token exchange -`, or set SALLYPORT_TOKEN');
  return token;
}

function accepted({ status, text }: Answer): z.infer<typeof exchanged> {
  const body = parse(text);
  const good = exchanged.safeParse(body);
  if (status === 200 && good.success) return good.data;
  const no = refused.safeParse(body);
  if (!no.success) throw new Failure('unavailable', `that was no answer of a token exchange (HTTP ${status})`, 'is SALLYPORT_TOKEN_URL right?');
  const say = no.data.error_description === '' ? no.data.error : no.data.error_description;
  if (status >= 500) throw new Failure('unavailable', say);
  if (status === 429) throw new Failure('rate-limited', say);
  // A refused token ends with its code in brackets; all else is what was asked for.
  throw new Failure(/\([a-z-]+\)$/.test(say) ? 'denied' : 'invalid', say);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const list = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []);

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new Failure('usage', `${file} cannot be read`);
  }
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600 });
  } catch {
    throw new Failure('usage', `${file} cannot be written`);
  }
}
