/** Startup parameters that a client may set, in the server's spelling. */
export const acceptedParameters: readonly string[] = [
  'application_name', 'client_encoding', 'DateStyle', 'extra_float_digits', 'idle_in_transaction_session_timeout', 'IntervalStyle',
  'lock_timeout', 'search_path', 'statement_timeout', 'TimeZone',
];

const spelling = new Map(acceptedParameters.map((name) => [name.toLowerCase(), name]));
const maxValue = 1024;

export interface StartupWish {
  /** As sent: `[role@]target`. */
  readonly user: string;
  /** Null when the client named none. libpq names the user when it is given none itself. */
  readonly database: string | null;
  /** Accepted settings in the server's spelling, without client_encoding, which is always UTF8. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** What is wrong with the parameters, in words for the client. */
export interface StartupFault {
  readonly sqlstate: string;
  readonly say: string;
  readonly hint: string;
}

/**
 * Checks the parameters of a StartupMessage against the list. Names are compared without case, as the server does. `options` may hold
 * `-c name=value`, `-cname=value` and `--name=value` of the same list; a parameter of its own wins over one in `options`, as at the server.
 */
export function checkStartupParameters(sent: ReadonlyMap<string, string>): StartupWish | StartupFault {
  const settings = new Map<string, string>();
  const plain: [string, string][] = [];
  let user: string | null = null;
  let database: string | null = null;
  for (const [name, value] of sent) {
    switch (name) {
      case 'user':
        user = value;
        break;
      case 'database':
        database = value === '' ? null : value;
        break;
      case 'replication':
        return fault('0A000', 'replication connections are not supported', 'connect without the replication parameter');
      case 'options': {
        const options = readOptions(value);
        if (options === null) return fault('0A000', 'the startup parameter "options" holds something else than settings', 'write it as -c name=value');
        for (const [setting, to] of options) {
          const wrong = put(settings, setting, to);
          if (wrong !== null) return wrong;
        }
        break;
      }
      default:
        plain.push([name, value]);
    }
  }
  for (const [name, value] of plain) {
    const wrong = put(settings, name, value);
    if (wrong !== null) return wrong;
  }
  if (user === null || user === '') return fault('28000', 'no user name was sent', 'the user name is the target: [role@]target');
  if (database !== null && !presentable(database, 63)) return fault('3D000', 'the database name is too long or has control characters', 'database names have at most 63 bytes');
  settings.delete('client_encoding');
  return { user, database, parameters: settings };
}

function put(settings: Map<string, string>, sentName: string, value: string): StartupFault | null {
  const name = spelling.get(sentName.toLowerCase());
  if (name === undefined) {
    return fault('0A000', `the startup parameter "${shown(sentName)}" is not accepted`, `accepted are user, database, options and ${acceptedParameters.join(', ')}`);
  }
  if (!presentable(value, maxValue)) return fault('22023', `the value of the startup parameter "${name}" is too long or has control characters`, `at most ${maxValue} bytes`);
  if (name === 'client_encoding' && !isUtf8Name(value)) return fault('22023', 'the client encoding must be UTF8', 'set PGCLIENTENCODING=UTF8 or client_encoding=UTF8');
  settings.set(name, value);
  return null;
}

/**
 * `UTF8`, `utf-8`, `'utf-8'` (asyncpg), `UNICODE`. And `SQL_ASCII`, which psql sends from the C locale and which claims nothing: the client is
 * told by ParameterStatus that it gets UTF8.
 */
function isUtf8Name(value: string): boolean {
  const name = value.toLowerCase().replace(/[^a-z0-9]/g, '');
  return name === 'utf8' || name === 'unicode' || name === 'sqlascii';
}

/** The server's `pg_split_opts`: words between white space, a backslash takes the next character as it is. Null when it is no list of settings. */
function readOptions(text: string): [string, string][] | null {
  const words: string[] = [];
  let word: string | null = null;
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (/[ \t\n\v\f\r]/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (char === '\\') {
      word = (word ?? '') + text.charAt(++i);
    } else {
      word = (word ?? '') + char;
    }
  }
  if (word !== null) words.push(word);
  return readSettings(words);
}

function readSettings(words: readonly string[]): [string, string][] | null {
  const settings: [string, string][] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    const setting = word === '-c' ? (words[++i] ?? '') : word.startsWith('-c') || word.startsWith('--') ? word.slice(2) : '';
    const equals = setting.indexOf('=');
    if (equals < 1) return null;
    settings.push([setting.slice(0, equals).replaceAll('-', '_'), setting.slice(equals + 1)]);
  }
  return settings;
}

function presentable(value: string, maxBytes: number): boolean {
  return Buffer.byteLength(value) <= maxBytes && !hasControls(value);
}

function hasControls(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x20 || text.charCodeAt(i) === 0x7f) return true;
  return false;
}

/** A client's own word, fit to be sent back: short and printable. */
function shown(name: string): string {
  return name.slice(0, 64).replace(/[^\x20-\x7e]/g, '?');
}

function fault(sqlstate: string, say: string, hint: string): StartupFault {
  return { sqlstate, say, hint };
}
