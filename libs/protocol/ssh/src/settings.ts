import { readPublicKeyLine } from './certificate/keys.ts';
import { defaultShellSettings, type ShellSettings } from './shell/settings.ts';

/** Settings of an SSH target. */
export interface SshSettings extends ShellSettings {
  /** Public keys that the target may show, as on the wire. One of these or of `hostAuthorities` must be there: nothing is trusted on first use. */
  readonly hostKeys: readonly Buffer[];
  /** Authorities of host certificates. */
  readonly hostAuthorities: readonly Buffer[];
  /** The principal that a host certificate must have; null: the target's address. */
  readonly hostName: string | null;
  /** How the gateway logs in: with the credential's password, with the private key that the credential's password is, or with a certificate for each session. */
  readonly login: 'password' | 'key' | 'certificate';
  /** Account at the target when `login` is `certificate`. */
  readonly user: string | null;
  /** Milliseconds to reach the target and log in. Default 10 000. */
  readonly dialTimeoutMs: number;
  /** Channels that one session may have open at the same time. Default 10, as sshd's MaxSessions. */
  readonly maxChannels: number;
  /** Forwarded connections that one session may have open at the same time. Default 64. */
  readonly maxForwards: number;
  /** Bytes of output that are recorded of one command; what runs on is not, and the recording says so. Default 1 MiB. */
  readonly maxRecording: number;
}

const defaults: SshSettings = {
  ...defaultShellSettings, hostKeys: [], hostAuthorities: [], hostName: null, login: 'password', user: null, dialTimeoutMs: 10_000, maxChannels: 10, maxForwards: 64, maxRecording: 1024 * 1024,
};

/** Throws an Error that names the path of what is wrong. */
export function parseSettings(raw: Readonly<Record<string, unknown>>): SshSettings {
  const settings: { -readonly [name in keyof SshSettings]: SshSettings[name] } = { ...defaults };
  for (const [name, value] of Object.entries(raw)) {
    switch (name) {
      case 'hostKeys':
      case 'hostAuthorities':
        settings[name] = keys(name, value);
        break;
      case 'hostName':
      case 'user':
      case 'home':
        settings[name] = text(name, value);
        break;
      case 'login':
        settings.login = oneOf(name, value, ['password', 'key', 'certificate'] as const);
        break;
      case 'shell':
        settings.shell = oneOf(name, value, ['bash', 'sh', 'other'] as const);
        break;
      case 'dialTimeoutMs':
      case 'maxChannels':
      case 'maxForwards':
      case 'maxRecording':
      case 'maxBytes':
        settings[name] = positive(name, value);
        break;
      default:
        throw new Error(`settings.${name} is not known for an ssh target`);
    }
  }
  if (settings.hostKeys.length + settings.hostAuthorities.length === 0) throw new Error('settings.hostKeys (or settings.hostAuthorities) must name the key that the target shows: nothing is trusted on first use');
  if (settings.login === 'certificate' && settings.user === null) throw new Error('settings.user must name the account when settings.login is certificate');
  return settings;
}

function keys(name: string, value: unknown): readonly Buffer[] {
  if (!Array.isArray(value)) throw new Error(`settings.${name} must be a list of public keys`);
  return (value as readonly unknown[]).map((line, at) => {
    if (typeof line !== 'string') throw new Error(`settings.${name}.${at} must be a public key, "type base64"`);
    try {
      return readPublicKeyLine(line).blob;
    } catch (cause) {
      throw new Error(`settings.${name}.${at}: ${cause instanceof Error ? cause.message : 'no public key'}`, { cause });
    }
  });
}

function text(name: string, value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.length > 255) throw new Error(`settings.${name} must be a text`);
  return value;
}

function positive(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) throw new Error(`settings.${name} must be a positive whole number`);
  return value;
}

function oneOf<T extends string>(name: string, value: unknown, words: readonly T[]): T {
  const word = words.find((one) => one === value);
  if (word === undefined) throw new Error(`settings.${name} must be one of ${words.join(', ')}`);
  return word;
}
