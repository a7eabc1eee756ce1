import { Command } from 'commander';
import { does } from '../context.ts';
import { Failure } from '../failure.ts';
import { authorityOf } from '../settings.ts';
import { askTokenPlace, tokenPlace } from '../token-place.ts';

const name = /^(?:\w[\w.-]{0,62}@)?\w[\w.-]{0,62}$/;
const knownHosts = /^@cert-authority [A-Za-z0-9.,:_-]+ ssh-ed25519 [A-Za-z0-9+/=]+ [\w-]+\n$/;
const trusted = /^ssh-ed25519 [A-Za-z0-9+/=]+ [\w-]+\n$/;

export const sshCommand = (): Command => new Command('ssh').description('what ssh and sshd need to know').addCommand(config()).addCommand(authority());

/** Prints; it changes no file of yours. */
const config = () =>
  does(
    new Command('config')
      .description('print the lines for ~/.ssh/config and known_hosts')
      .argument('<targets...>', '[role@]target, as in --target of the exchange')
      .option('--gateway <host:port>', 'where gateways listen for SSH; default SALLYPORT_SSH')
      .option('--identity <file>', 'your private key', '~/.ssh/id_ed25519')
      .option('--known-hosts <file>', 'where you keep the known_hosts line', '~/.ssh/known_hosts_sallyport')
      .option('--url <url>', 'where tokens are exchanged; default SALLYPORT_TOKEN_URL'),
    async ({ out, env }, targets, options) => {
      const place = tokenPlace(options['url'], env);
      const gateway = typeof options['gateway'] === 'string' ? options['gateway'] : env['SALLYPORT_SSH'];
      const [, host, port] = /^(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(gateway ?? '') ?? [];
      if (host === undefined || port === undefined) throw new Failure('usage', 'SALLYPORT_SSH is not set, or not host:port', 'name --gateway ssh.bank.example:22');
      const strange = targets.find((target) => !name.test(target));
      if (strange !== undefined) throw new Failure('usage', 'a target is not of the form [role@]target', 'letters, digits, dots, dashes and underscores');
      const line = await published(place, '/.well-known/sallyport/ssh_known_hosts', knownHosts, env);
      const [identity, file] = [String(options['identity']), String(options['knownHosts'])];
      const blocks = targets.map((target) =>
        [`Host ${target.replace('@', '.')}`, `  HostName ${host.replace(/^\[|\]$/g, '')}`, `  Port ${port}`, `  User ${target}`, `  IdentityFile ${identity}`, `  CertificateFile ${identity}-cert.pub`, '  IdentitiesOnly yes', `  UserKnownHostsFile ${file}`, '  StrictHostKeyChecking yes'].join('\n'),
      );
      out.show({ config: blocks.join('\n'), knownHosts: line, knownHostsFile: file }, (one) => `# ~/.ssh/config\n${one.config}\n\n# ${file}\n${one.knownHosts}`);
    },
  );

const authority = () =>
  does(
    new Command('authority').description('print the key for sshd’s TrustedUserCAKeys on your targets').option('--url <url>', 'where tokens are exchanged; default SALLYPORT_TOKEN_URL'),
    async ({ out, env }, _args, options) => {
      const line = await published(tokenPlace(options['url'], env), '/.well-known/sallyport/ssh_trusted_user_ca.pub', trusted, env);
      out.show({ trustedUserCa: line }, (one) => one.trustedUserCa);
    },
  );

/** What ends in somebody's ssh configuration is looked at first. */
async function published(place: URL, path: string, form: RegExp, env: NodeJS.ProcessEnv): Promise<string> {
  const { status, text } = await askTokenPlace(place, path, null, authorityOf(env));
  if (status === 404) throw new Failure('not-found', `${place.origin} has no SSH authority`, 'identity needs SALLYPORT_SSH_CA_DIR, and SALLYPORT_SSH_HOSTS for the gateways’ names');
  if (status !== 200 || !form.test(text)) throw new Failure('unavailable', `${place.origin} did not answer with an authority (HTTP ${status})`, 'is SALLYPORT_TOKEN_URL right?');
  return text.trimEnd();
}
