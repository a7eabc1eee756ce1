import { noteType, parseVerifierKey, type VerifierKey } from '@sallyport/engine-evidence';

/** What the witness is told by its environment. */
export interface Settings {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** A directory of its own. Whoever puts an old copy of it back makes the witness forget what it signed. */
  readonly state: string;
  /** PEM file with its Ed25519 key. */
  readonly keyFile: string;
  /** The name of its key in cosignatures: unlike any other witness's. */
  readonly name: string;
  /** Keys of the logs that it follows. */
  readonly logs: readonly VerifierKey[];
}

/** Some variables are missing or wrong: one line for each. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly code = 'ERR_SETTINGS';
}

/**
 * SALLYPORT_HTTP (`host:port`), SALLYPORT_STATE, SALLYPORT_WITNESS_NAME, SALLYPORT_WITNESS_LOGS (verifier keys with white space between them) and
 * SALLYPORT_WITNESS_KEY (default: `key.pem` in the state directory). Throws SettingsError with everything that is wrong at once.
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const wrong: string[] = [];
  const text = (name: string): string => {
    const value = env[name] ?? '';
    if (value === '') wrong.push(`${name}: is not set`);
    return value;
  };
  const [http, state, name, logs] = [text('SALLYPORT_HTTP'), text('SALLYPORT_STATE'), text('SALLYPORT_WITNESS_NAME'), text('SALLYPORT_WITNESS_LOGS')];
  const [, host = '', port = ''] = /^(\[[0-9a-fA-F:]+\]|[^:\s]+):(\d{1,5})$/.exec(http) ?? [];
  if (http !== '' && (host === '' || Number(port) > 65_535)) wrong.push('SALLYPORT_HTTP: expected host:port');
  const keys = [...new Set(logs.split(/\s+/))].filter((key) => key !== '').map((key) => logKey(key) ?? void wrong.push('SALLYPORT_WITNESS_LOGS: not a verifier key of a log'));
  if (wrong.length > 0) throw new SettingsError(wrong.join('\n'));
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port), state, keyFile: env['SALLYPORT_WITNESS_KEY'] || `${state}/key.pem`, name, logs: keys.filter((key) => key !== undefined) };
}

function logKey(text: string): VerifierKey | null {
  try {
    const key = parseVerifierKey(text);
    return key.type === noteType ? key : null;
  } catch {
    return null;
  }
}
