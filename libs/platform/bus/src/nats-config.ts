import { permissions, siemPermissions, type Permissions } from './permissions.ts';
import { busUsers, siemOf, type BusUser } from './services.ts';

export interface NatsConfigOptions {
  readonly port: number;
  /** Address to listen on; default 127.0.0.1. */
  readonly host?: string;
  /** Port of the monitoring pages (`/healthz`, `/varz`), on the same address; none when absent. */
  readonly http?: number;
  /** Directory of the streams' files. */
  readonly storeDir: string;
  /** For each user a password, or its bcrypt hash (`$2a$…`). */
  readonly passwords: Readonly<Record<BusUser, string>>;
  /** Producer ids of the gateways, by which the user `gateway` may publish events. They share the user, so one can publish as another. Default `gateway-1`. */
  readonly gateways?: readonly string[];
  /** SIEMs that read the stream EVIDENCE: name (the user is `siem-<name>`) and password or bcrypt hash. Default none. */
  readonly siems?: Readonly<Record<string, string>>;
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
  /** Bytes that JetStream may use on disk; default 8 GiB. */
  readonly storeBytes?: number;
}

/** The largest evidence message is 8 MiB; the rest is for its headers. */
const maxPayload = 8 * 1024 ** 2 + 64 * 1024;

/** A nats-server configuration with one least-privilege user for each service and each SIEM. Works with nats-server 2.9 and later. */
export function natsConfig(options: NatsConfigOptions): string {
  const host = options.host ?? '127.0.0.1';
  const gateways = options.gateways ?? ['gateway-1'];
  const siems = options.siems ?? {};
  const users = [
    ...busUsers.map((user) => userBlock(user, options.passwords[user], permissions(user, gateways, Object.keys(siems)))),
    ...Object.entries(siems).map(([name, password]) => userBlock(siemOf(name).user, password, siemPermissions(name))),
  ];
  return [
    `listen: ${quote(`${host}:${options.port}`)}`,
    ...(options.http === undefined ? [] : [`http: ${quote(`${host}:${options.http}`)}`]),
    `max_payload: ${maxPayload}`,
    'ping_interval: "20s"',
    'write_deadline: "10s"',
    'jetstream {',
    `  store_dir: ${quote(options.storeDir)}`,
    '  max_memory_store: 268435456',
    `  max_file_store: ${options.storeBytes ?? 8 * 1024 ** 3}`,
    '}',
    ...(options.tls === undefined ? [] : tlsBlock(options.tls)),
    'authorization {',
    '  users = [',
    ...users,
    '  ]',
    '}',
    '',
  ].join('\n');
}

function userBlock(user: string, password: string, rights: Permissions): string {
  return [
    `    { user: ${quote(user)}, password: ${quote(password)}, permissions: {`,
    `        publish: { allow: ${list(rights.publish)} }`,
    `        subscribe: { allow: ${list(rights.subscribe)} }`,
    ...(rights.answers ? ['        allow_responses: { max: 1, expires: "2m" }'] : []),
    '    } }',
  ].join('\n');
}

function tlsBlock(tls: NonNullable<NatsConfigOptions['tls']>): string[] {
  return ['tls {', `  cert_file: ${quote(tls.cert)}`, `  key_file: ${quote(tls.key)}`, ...(tls.ca === undefined ? [] : [`  ca_file: ${quote(tls.ca)}`]), '}'];
}

const list = (subjects: readonly string[]) => `[${[...new Set(subjects)].map(quote).join(', ')}]`;

/** Throws on what nats-server's strings could read as something else. */
function quote(text: string): string {
  if (/["\\\n\r]/.test(text)) throw new RangeError('a value for the nats-server configuration holds a quote, a backslash or a line break');
  return `"${text}"`;
}
