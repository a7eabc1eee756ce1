import { approvalsManifest, approvalsShow, manifestBody, type Approval, type Bus, type ManifestAnswer, type ManifestBody } from '@sallyport/platform-bus';
import { StoreError } from '@sallyport/platform-store';
import type { AccessAnswer, AccessCall } from '../entitlements/access-door.ts';
import { refusalOf, type Resolver } from '../store/resolver.ts';
import { ManifestError, manifestError } from './manifest-error.ts';

export interface ManifestDoorParts {
  readonly resolver: Pick<Resolver, 'settle'>;
  readonly bus: Pick<Bus, 'call'>;
}

/** When to look again, in seconds. */
const lookAgain = 5;
/** Policy is asked about each statement: milliseconds for a thousand of them on a busy day. */
const patience = 60_000;
const path = '/v1/manifests';

/**
 * Where machines ask leave for a list of statements at once: `POST /v1/manifests`, and `GET /v1/manifests/ID` to see what became of it. Here is looked at who asks; which statements need whose
 * yes is the approvals service's to find out.
 */
export class ManifestDoor {
  readonly #parts: ManifestDoorParts;

  constructor(parts: ManifestDoorParts) {
    this.#parts = parts;
  }

  async answer(call: AccessCall): Promise<AccessAnswer> {
    try {
      if (call.path !== path) {
        if (call.method !== 'GET') throw new ManifestError('invalid_request', 'a manifest is looked at with GET');
        return await this.#look(call, call.path.slice(path.length + 1));
      }
      if (call.method !== 'POST') throw new ManifestError('invalid_request', 'asking for a manifest is a POST');
      return await this.#ask(call);
    } catch (error) {
      const known = error instanceof StoreError ? new ManifestError('temporarily_unavailable', 'nothing can be asked for now; try again') : error;
      if (!(known instanceof ManifestError)) throw known;
      return { status: known.status, headers: known.code === 'temporarily_unavailable' ? { 'retry-after': String(lookAgain) } : {}, json: { error: known.code, error_description: known.message } };
    }
  }

  async #ask(call: AccessCall): Promise<AccessAnswer> {
    const manifest = readManifest(call.contentType, await call.body());
    const machine = await this.#machine(call, manifest);
    const reply = await this.#parts.bus.call(approvalsManifest, { requester: `machine:${machine}`, machine, source: call.address.slice(0, 64), manifest }, patience);
    if (!reply.ok) throw manifestError(reply.error);
    return told(reply.value);
  }

  async #look(call: AccessCall, id: string): Promise<AccessAnswer> {
    const reply = /^[0-9a-f-]{36}$/.test(id) ? await this.#parts.bus.call(approvalsShow, { by: null, approval: id }) : null;
    if (reply?.ok === false && reply.error.code !== 'not-found') throw manifestError(reply.error);
    const found = reply?.ok === true && reply.value.subject?.kind === 'manifest' ? reply.value : null;
    // Who may not look is not told whether there is something, nor is a token spent on nothing.
    const none = () => new ManifestError('not_found', 'there is no such manifest of yours');
    if (found === null || found.target === null) throw none();
    if ((await this.#machine(call, { target: found.target, role: found.manifest?.role ?? null })) !== found.machine) throw none();
    return looked(found);
  }

  /** Verified and recorded as every use of a token is. */
  async #machine({ address, x5t, authorization }: AccessCall, { target, role }: { readonly target: string; readonly role: string | null }): Promise<string> {
    const [, token] = /^Bearer ([\x21-\x7e]{1,16384})$/i.exec(authorization ?? '') ?? [];
    if (token === undefined) throw new ManifestError('invalid_token', 'a token is missing: Authorization: Bearer TOKEN');
    const settled = await this.#parts.resolver.settle({ token, certificate: null, target, role, holds: { ssh: null, x5t, jkt: null }, door: 'manifest', source: { address, port: 0, client: null }, session: null, expect: 'machine' });
    if (!settled.ok) throw manifestError(settled.error);
    const refused = refusalOf(settled.value);
    if (refused !== null) throw new ManifestError(refused.answer === 'unauthorized' ? 'denied' : 'invalid_token', refused.say);
    const { judgement } = settled.value;
    if (judgement.kind !== 'admit' || judgement.principal.kind !== 'machine') throw new ManifestError('denied', 'only machines ask here: people use sallyport manifest submit');
    if (judgement.principal.behalf !== null) throw new ManifestError('denied', 'manifests are asked for by the machine itself, with its own token: not on somebody’s behalf');
    return judgement.principal.actor.machine;
  }
}

/** Throws ManifestError. What is not known is refused: a limit that is misspelt would else be asked for without being in force. */
function readManifest(contentType: string, body: string): ManifestBody {
  if (!/^application\/json(?:;|$)/i.test(contentType)) throw new ManifestError('invalid_request', 'the body must be application/json');
  let given: unknown;
  try {
    given = JSON.parse(body);
  } catch {
    throw new ManifestError('invalid_request', 'the body is no JSON');
  }
  const read = manifestBody.safeParse(given);
  if (read.success) return read.data;
  const [first] = read.error.issues;
  throw new ManifestError('invalid_request', `${first?.path.join('.') || 'the body'}: ${first?.message ?? 'is not as it should be'}`.slice(0, 500));
}

function told({ approval, url, expires, quorum, statements, refused }: ManifestAnswer): AccessAnswer {
  if (refused.length > 0) return { status: 422, headers: {}, json: { error: 'refused', error_description: `${refused.length} of the statements would not run, so nobody is asked`, refused } };
  if (approval === null) return { status: 200, headers: {}, json: { manifest: null, state: 'not-needed', statements } };
  return { status: 202, headers: { location: `${path}/${approval}`, 'retry-after': String(lookAgain) }, json: { manifest: approval, state: 'pending', approval_url: url, expires, quorum, statements } };
}

function looked({ id, state, expires, quorum, votes, manifest }: Approval): AccessAnswer {
  const open = state === 'pending';
  return {
    status: open ? 202 : 200,
    headers: open ? { 'retry-after': String(lookAgain) } : {},
    json: { manifest: id, state, expires, quorum, yes: votes.filter(({ vote }) => vote === 'approve').length, statements: manifest?.statements ?? [] },
  };
}
