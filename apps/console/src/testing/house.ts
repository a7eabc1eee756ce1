import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { fail, ok, subjects, type Bus, type GatewayHealth, type Reply } from '@sallyport/platform-bus';
import { boot } from '@sallyport/platform-runtime';
import { silentLog } from '@sallyport/platform-telemetry';
import { startNats, tempDir } from '@sallyport/testing-stack';
import { consoleConfig, tlsOf } from '../config.ts';
import { consoleService } from '../service.ts';

export const adminToken = 'the-bootstrap-admin-token-of-this-test-house';

export interface House extends AsyncDisposable {
  /** One exchange with the API as the holder of this token. */
  ask(method: string, path: string, token: string | null, body?: unknown): Promise<{ readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly body: unknown }>;
  /** What evidence was told to note: `action object code`. */
  readonly noted: string[];
  /** Beginnings and ends of the console that evidence was told to note. */
  readonly lives: string[];
  /** Messages that ended sessions. */
  readonly closed: unknown[];
  /** Requests that a service got. */
  readonly asked: Map<string, unknown[]>;
  /** Makes a service answer this from now on. */
  answer(subject: string, reply: Reply<unknown>): void;
  /** A gateway tells how it is. */
  gatewaySays(name: string, health: GatewayHealth): void;
  /** Identity shows this to the other services. */
  shows(key: string, value: unknown): Promise<void>;
  /** Identity refuses this token from now on: its session was revoked. */
  revoke(token: string): void;
  /** Evidence stops answering, and comes back. */
  silence(service: 'evidence', silent: boolean): void;
}

/** People log in with their names as tokens: `admin`, `approver`, `auditor`, `operator`, `nobody` have that role. */
const roles: Readonly<Record<string, readonly string[]>> = { admin: ['admin'], approver: ['approver'], auditor: ['auditor'], operator: ['operator'], nobody: [], revocable: ['auditor'] };

/** The console on a real bus, with scripted services behind it. */
export async function house(): Promise<House> {
  const [nats, directory] = await Promise.all([startNats(), tempDir('sallyport-console')]);
  const tokenFile = join(directory.path, 'admin-token');
  await writeFile(tokenFile, `${adminToken}\n`);
  const asked = new Map<string, unknown[]>();
  const answers = new Map<string, Reply<unknown>>();
  const noted: string[] = [];
  const lives: string[] = [];
  const closed: unknown[] = [];
  let evidenceSilent = false;

  const serve = async (user: 'identity' | 'policy' | 'masking' | 'approvals' | 'evidence' | 'governance' | 'sinks', reply: (subject: string, request: Record<string, unknown>) => Reply<unknown>) => {
    const bus: Bus = await nats.connect(user);
    bus.nc.subscribe(`${user}.*`, {
      callback: (_error, message) => {
        const asking: Record<string, unknown> = message.json();
        asked.set(message.subject, [...(asked.get(message.subject) ?? []), asking]);
        if (user === 'evidence' && evidenceSilent) return;
        // An empty request fits no contract but one: that is how the console looks for signs of life.
        message.respond(JSON.stringify(Object.keys(asking).length === 0 && !answers.has(message.subject) ? fail('invalid', 'request') : reply(message.subject, asking)));
      },
    });
    await bus.nc.flush();
    return bus;
  };
  const scripted = (subject: string) => answers.get(subject) ?? fail('not-found', 'nothing is scripted');
  const revoked = new Set<string>();
  const identity = await serve('identity', (subject, asking) => (subject === subjects.identityResolve ? resolve(String(asking['token']), revoked) : scripted(subject)));
  const inventory = await identity.kv('inventory');
  await serve('policy', scripted);
  await serve('masking', scripted);
  await serve('approvals', scripted);
  await serve('sinks', scripted);
  await serve('governance', scripted);
  await serve('evidence', (subject, asking) => {
    if (subject !== subjects.evidenceNote) return scripted(subject);
    const { type } = asking;
    if (type === 'service.started' || type === 'service.stopped') lives.push(type);
    else noted.push(note(asking['data']));
    return ok({});
  });
  const gateway = await nats.connect('gateway');
  gateway.nc.subscribe('control.session.*.close', { callback: (_error, message) => void closed.push({ subject: message.subject, ...message.json<object>() }) });
  await gateway.nc.flush();

  const env = { SALLYPORT_NATS: nats.url, SALLYPORT_NATS_USER: 'console', SALLYPORT_NATS_PASSWORD: nats.passwords.console, SALLYPORT_HTTP: '127.0.0.1:0', SALLYPORT_ADMIN_TOKEN_FILE: tokenFile };
  const running = await boot({ name: 'console', config: consoleConfig, http: { bodyLimit: 1024 * 1024, tls: tlsOf }, start: ({ config, bus, log }) => consoleService({ config, bus, log }) }, env, silentLog);
  return {
    gatewaySays: (name, health) => gateway.publish(subjects.gatewayHealth(name), health),
    noted, lives, closed, asked,
    shows: (key, value) => inventory.put(key, value),
    revoke: (token) => void revoked.add(token),
    ask: (method, path, token, body) => exchange(`http://${running.http}${path}`, method, token, body),
    answer: (subject, reply) => void answers.set(subject, reply),
    silence: (_service, silent) => void (evidenceSilent = silent),
    [Symbol.asyncDispose]: async () => {
      await running.stop();
      await nats[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

function resolve(token: string, revoked: ReadonlySet<string>): Reply<unknown> {
  if (revoked.has(token)) return fail('unauthenticated', 'this session was revoked: log in again (session-revoked)');
  const has = roles[token];
  return has === undefined ? fail('unauthenticated', 'the token is not of a trusted issuer') : ok({ kind: 'person', person: token, roles: has, groups: ['dba'], tokenExpires: '2099-01-01T00:00:00.000000Z' });
}

function note(data: unknown): string {
  if (typeof data !== 'object' || data === null || !('action' in data) || !('object' in data) || !('code' in data)) return '?';
  return `${String(data.action)} ${String(data.object)} ${String(data.code)}`;
}

function exchange(url: string, method: string, token: string | null, body: unknown): ReturnType<House['ask']> {
  const payload = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
  const headers = { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...(payload === undefined ? {} : { 'content-type': 'application/json' }) };
  return new Promise((done, failed) => {
    const outgoing = request(url, { method, headers, agent: false }, (incoming) => {
      json(incoming).then((answer) => done({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: answer }), failed);
    });
    outgoing.on('error', failed);
    outgoing.end(payload);
  });
}
