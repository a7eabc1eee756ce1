import { request as http, type IncomingMessage } from 'node:http';
import { request as https } from 'node:https';
import { z } from 'zod';
import { Failure } from './failure.ts';
import { tokenOf } from './login/renew.ts';
import type { Settings } from './settings.ts';

/** A page of evidence is the largest answer there is. */
const maxAnswerBytes = 64 * 1024 * 1024;
const timeoutMs = 30_000;

const problem = z.object({ error: z.object({ code: z.string(), say: z.string(), requestId: z.string() }) });

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

/** The console's HTTP API. Every way of failing ends in a Failure with the API's own code, or `unreachable`, `tls`, `malformed`. */
export class Api {
  readonly #settings: Settings;
  readonly #warn: (line: string) => void;

  constructor(settings: Settings, warn: (line: string) => void) {
    this.#settings = settings;
    this.#warn = warn;
  }

  /** Answers what the schema reads of the body; what it leaves out is dropped. */
  async get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    return read(schema, await this.send('GET', path));
  }

  /** @param patienceMs for what takes the services longer than usual */
  async post<T>(path: string, body: unknown, schema: z.ZodType<T>, patienceMs = timeoutMs): Promise<T> {
    return read(schema, await this.send('POST', path, body, patienceMs));
  }

  /** One exchange. Throws a Failure for every status but 2xx. */
  async send(method: 'GET' | 'POST', path: string, body?: unknown, patienceMs = timeoutMs): Promise<Answer> {
    const answer = await this.raw(method, path, body, patienceMs);
    const warning = answer.headers['sallyport-warning'];
    if (typeof warning === 'string') this.#warn(`warning: ${warning}`);
    if (answer.status >= 200 && answer.status < 300) return answer;
    const told = problem.safeParse(answer.body).data?.error;
    if (told === undefined) throw new Failure('malformed', `the API answered status ${answer.status} without saying why`, `is SALLYPORT_API the console? ${this.#settings.api.origin}`);
    throw new Failure(told.code, `${told.say} (request ${told.requestId})`, wayOut(told.code, this.#settings));
  }

  /**
   * One exchange, whatever the status. A connection that was kept may have been closed by the console meanwhile, for instance while a pack was computed: then what only reads is asked again,
   * and what may change something always has a connection of its own.
   */
  async raw(method: 'GET' | 'POST', path: string, body?: unknown, patienceMs = timeoutMs): Promise<Answer> {
    try {
      return await this.#once(method, path, body, patienceMs);
    } catch (error) {
      if (!(error instanceof ClosedMeanwhile) || method !== 'GET') throw error;
      return this.#once(method, path, body, patienceMs);
    }
  }

  async #once(method: 'GET' | 'POST', path: string, body: unknown, patienceMs: number): Promise<Answer> {
    const { api, ca } = this.#settings;
    const token = await this.#token();
    const url = new URL(`${api.pathname.replace(/\/+$/, '')}${path}`, api);
    const payload = body === undefined ? null : JSON.stringify(body);
    const headers = {
      accept: 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(payload === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
    };
    return new Promise((resolve, reject) => {
      const send = url.protocol === 'https:' ? https : http;
      const outgoing = send(url, { method, headers, timeout: patienceMs, ...(method === 'GET' ? {} : { agent: false }), ...(ca === null ? {} : { ca }) }, (incoming) => {
        collect(incoming).then(resolve, reject);
      });
      outgoing.on('timeout', () => outgoing.destroy(new Failure('unreachable', `no answer from ${url.origin} within ${patienceMs / 1000} s`, 'try `sallyport doctor`')));
      outgoing.on('error', (error) => reject(unreachable(error, url, outgoing.reusedSocket)));
      outgoing.end(payload ?? undefined);
    });
  }

  async #token(): Promise<string | null> {
    const { credential, api, logins } = this.#settings;
    switch (credential.from) {
      case 'login':
        return tokenOf(credential.login, api, logins);
      case null:
        return null;
      default:
        return credential.token;
    }
  }
}

async function collect(incoming: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    const bytes: Buffer = chunk;
    size += bytes.byteLength;
    if (size > maxAnswerBytes) throw new Failure('malformed', 'the API answered more than 64 MiB at once', 'ask for less, with --limit');
    chunks.push(bytes);
  }
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: json(Buffer.concat(chunks)) };
}

function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}

function read<T>(schema: z.ZodType<T>, { body }: Answer): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new Failure('malformed', `the API's answer is not understood: ${parsed.error.issues[0]?.path.join('.') ?? ''} ${parsed.error.issues[0]?.message ?? ''}`, 'are console and sallyport of the same version? `sallyport doctor` tells');
}

/** It was closed between two requests, so that nobody has read the second. */
class ClosedMeanwhile extends Failure {}

function unreachable(error: NodeJS.ErrnoException, url: URL, kept: boolean): Failure {
  if (error instanceof Failure) return error;
  const tls = error.code !== undefined && /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|EPROTO/.test(error.code);
  if (tls) return new Failure('tls', `the certificate of ${url.host} is not trusted (${error.code})`, 'set SALLYPORT_CA to the PEM file of the authority that signed it');
  const Kind = kept && (error.code === 'ECONNRESET' || error.code === 'EPIPE') ? ClosedMeanwhile : Failure;
  return new Kind('unreachable', `${url.origin} cannot be reached (${error.code ?? error.message})`, 'is SALLYPORT_API right and the console running? try `sallyport doctor`');
}

function wayOut(code: string, { credential: { from } }: Settings): string | null {
  switch (code) {
    case 'unauthenticated':
      if (from === null) return 'run `sallyport login`, or set SALLYPORT_TOKEN to a token of yours';
      return from === 'login' ? 'your login is not accepted any more; run `sallyport login`' : `${from} is not accepted; get a fresh one and see \`sallyport token inspect\``;
    case 'session-revoked':
      return from === 'login' ? 'run `sallyport login`' : 'log in again, and get a fresh token';
    case 'forbidden':
      return '`sallyport whoami` shows your roles; an administrator gives others in your Person document';
    case 'change-required':
      return 'sallyport apply -f DIR --propose --title "…" --ticket … makes a change of it, for others to approve';
    case 'base-moved':
      return 'sallyport changes test CHANGE tries it anew and asks again';
    case 'self-approval':
    case 'not-an-approver':
      return 'somebody else has to; `sallyport get ApproverGroup` and `sallyport people list` show who there is';
    case 'backup-needed':
    case 'backup-same':
      return 'name somebody who stands in with --backup PERSON';
    case 'owner-left':
    case 'person-unknown':
      return '`sallyport people list --here` shows who is here';
    case 'document-says-left':
      return '`sallyport get Person NAME` shows the document; change `active` or `contractEnd` there, and apply it';
    case 'contract-over':
      return 'change `vendor.contractEnd` in its document with `sallyport apply`, or retire it';
    case 'assigned':
      return '`sallyport reviews delegate ITEM --to PERSON --reason TEXT` hands it on; `sallyport reviews show REVIEW` names who may decide';
    case 'self-review':
    case 'not-a-reviewer':
      return '`sallyport reviews show REVIEW` names who may decide';
    case 'waiting':
      return '`sallyport reviews show REVIEW --state waiting` shows what waits';
    case 'too-much':
      return 'ask for less: --machine, --target or fewer --days';
    case 'rate-limited':
      return 'wait a minute';
    case 'unavailable':
      return 'a service is not answering; `sallyport doctor` shows which';
    default:
      return null;
  }
}
