import { timingSafeEqual } from 'node:crypto';
import { StoreError } from '@sallyport/platform-store';
import type { AccessRequest } from '@sallyport/platform-bus';
import { refusalOf, type Resolver } from '../store/resolver.ts';
import { AccessError, accessError } from './access-error.ts';
import { readAccessForm } from './access-form.ts';
import type { Granter } from './granter.ts';
import type { Lists } from './lists.ts';
import { hashOf, type Requests } from './requests.ts';

/** One request to this door, as far as it matters here. */
export interface AccessCall {
  readonly method: string;
  /** `/v1/access`, or with `/ID`. */
  readonly path: string;
  readonly address: string;
  readonly contentType: string;
  readonly authorization: string | null;
  /** `x5t#S256` of the client certificate of the TLS connection, or null. */
  readonly x5t: string | null;
  /** The body, of bounded length. */
  body(): Promise<string>;
}

export interface AccessAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: Readonly<Record<string, unknown>>;
}

export interface AccessDoorParts {
  readonly resolver: Pick<Resolver, 'settle'>;
  readonly requests: Requests;
  readonly lists: Lists;
  readonly granter: Granter;
}

/** When to look again, in seconds: people take minutes, and are not faster for being asked often. */
const lookAgain = 5;

/** Where machines ask for access that they do not have: `POST /v1/access`, and `GET /v1/access/ID` to see what became of it. */
export class AccessDoor {
  readonly #parts: AccessDoorParts;

  constructor(parts: AccessDoorParts) {
    this.#parts = parts;
  }

  async answer(call: AccessCall): Promise<AccessAnswer> {
    try {
      if (call.path === '/v1/access') {
        if (call.method !== 'POST') throw new AccessError('invalid_request', 'asking for access is a POST');
        return await this.#ask(call);
      }
      if (call.method !== 'GET') throw new AccessError('invalid_request', 'a request is looked at with GET');
      return await this.#look(call, call.path.slice('/v1/access/'.length));
    } catch (error) {
      const known = error instanceof StoreError ? new AccessError('temporarily_unavailable', 'access cannot be asked for now; try again', lookAgain) : error;
      if (!(known instanceof AccessError)) throw known;
      return { status: known.status, headers: known.retryAfter === null ? {} : { 'retry-after': String(known.retryAfter) }, json: { error: known.code, error_description: known.message } };
    }
  }

  async #ask(call: AccessCall): Promise<AccessAnswer> {
    const form = readAccessForm(call.contentType, await call.body());
    const token = bearer(call) ?? form.token;
    if (token === null) throw new AccessError('invalid_token', 'a token is missing: Authorization: Bearer TOKEN');
    const machine = await this.#machine(call, token, form);
    const inventory = await this.#parts.granter.follow();
    const made = await this.#parts.requests.ask(
      { machine, target: form.target, role: form.role, kind: form.breakGlass ? 'break-glass' : 'jit', seconds: form.seconds, uses: form.uses, reason: form.reason, requester: `machine:${machine}`, byConnecting: false, source: call.address },
      inventory,
    );
    if (!made.ok) throw accessError(made.error);
    const { row, poll } = made.value;
    return told(await this.#parts.lists.shown(row), poll);
  }

  async #look(call: AccessCall, id: string): Promise<AccessAnswer> {
    const shown = bearer(call);
    if (shown === null) throw new AccessError('invalid_token', 'show what the request was answered with (poll_token): Authorization: Bearer …');
    const row = await this.#parts.requests.find(id);
    // Who may not look is not told whether there is something.
    const none = () => new AccessError('not_found', 'there is no such request of yours');
    if (row === null || row.poll === null) throw none();
    if (!timingSafeEqual(hashOf(shown), row.poll) && (await this.#machine(call, shown, row)) !== row.machine) throw none();
    return told(await this.#parts.lists.shown(row), null);
  }

  /** Verified and recorded as every use of a token is. */
  async #machine({ address, x5t }: AccessCall, token: string, { target, role }: { readonly target: string; readonly role: string | null }): Promise<string> {
    const settled = await this.#parts.resolver.settle({ token, certificate: null, target, role, holds: { ssh: null, x5t, jkt: null }, door: 'access', source: { address, port: 0, client: null }, session: null, expect: 'machine' });
    if (!settled.ok) throw accessError(settled.error);
    const refused = refusalOf(settled.value);
    if (refused !== null) throw new AccessError(refused.answer === 'unauthorized' ? 'denied' : 'invalid_token', refused.say);
    const { judgement } = settled.value;
    if (judgement.kind !== 'admit' || judgement.principal.kind !== 'machine') throw new AccessError('denied', 'only machines ask here: people use sallyport access request');
    if (judgement.principal.behalf !== null) throw new AccessError('denied', 'access is asked for by the machine itself, with its own token: not on somebody’s behalf');
    return judgement.principal.actor.machine;
  }
}

function bearer({ authorization }: AccessCall): string | null {
  const [, token] = /^Bearer ([\x21-\x7e]{1,16384})$/i.exec(authorization ?? '') ?? [];
  return token ?? null;
}

function told({ id, kind, state, target, role, seconds, uses, created, expires, decided, say, entitlement, url }: AccessRequest, poll: string | null): AccessAnswer {
  const open = state === 'pending';
  return {
    status: open ? 202 : 200,
    headers: { ...(open ? { 'retry-after': String(lookAgain) } : {}), location: `/v1/access/${id}` },
    json: { request: id, kind, state, target, role, seconds, uses, created, expires, decided, say, entitlement, approval_url: url, ...(poll === null ? {} : { poll_token: poll }) },
  };
}
