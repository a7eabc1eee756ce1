import { maxEventBytes, type Envelope } from '@sallyport/domain-events';
import { utf8Text } from './utf8-text.ts';

/** The bytes are not an event of version 1. `message` says what is wrong with them and quotes nothing of their content. */
export class MalformedEventError extends Error {
  readonly code = 'ERR_MALFORMED_EVENT';
}

/**
 * Reads stored bytes as an envelope, strictly: UTF-8, one way to write it (what JSON.parse and JSON.stringify give back, so no
 * doubled member, no spare white space, no other spelling of a number), exactly the envelope's members, whole numbers
 * within ±2^53 everywhere. `type` and `d` are checked for form only: a newer producer may know more types than this reader.
 */
export function parseEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.byteLength > maxEventBytes) throw new MalformedEventError('over the size limit');
  const text = utf8Text(bytes);
  if (text === null) throw new MalformedEventError('not UTF-8');
  let value: unknown;
  try {
    value = JSON.parse(text);
    if (JSON.stringify(value) !== text) throw new MalformedEventError('not written in the one canonical way');
    whole(value);
  } catch (cause) {
    if (cause instanceof MalformedEventError) throw cause;
    throw new MalformedEventError('not JSON', { cause });
  }
  const event = members(value, 'event', ['v', 'id', 'type', 'tenant', 'sid', 'seq', 'prev', 'prod', 't', 'who', 'on', 'auth', 'd', 'blobs']);
  check(event, fields, '');
  const prod = members(event['prod'], 'prod', ['id', 'epoch', 'pseq']);
  check(prod, producerFields, 'prod.');
  check(members(event['t'], 't', ['wall', 'mono_us']), timeFields, 't.');
  if (event['who'] !== null) check(members(event['who'], 'who', ['id', 'npid', 'iss', 'tok', 'jti', 'owner']), whoFields, 'who.');
  if (event['on'] !== null) check(members(event['on'], 'on', ['target', 'kind', 'env']), onFields, 'on.');
  if (event['auth'] !== null) check(members(event['auth'], 'auth', ['policy', 'slice', 'lease', 'approval']), authFields, 'auth.');
  members(event['d'], 'd', null);
  blobs(event['blobs']);
  return value as Envelope;
}

type Test = (value: unknown) => boolean;
type Members = Readonly<Record<string, unknown>>;

const uuid: Test = (value) => typeof value === 'string' && /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(value);
const uuid7: Test = (value) => typeof value === 'string' && /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(value);
const sha256: Test = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
const name: Test = (value) => typeof value === 'string' && value.length > 0 && value.length <= 256;
const text: Test = (value) => typeof value === 'string';
const count: Test = (value) => typeof value === 'number' && value >= 0;
const or =
  (test: Test): Test =>
  (value) =>
    value === null || test(value);

/** Names of producers are also words in bus subjects. */
const producer: Test = (value) => typeof value === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(value);
/** A day that there is, too: 30 February would be read as 2 March by some and refused by others. */
const wall: Test = (value) => {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(value)) return false;
  const at = Date.parse(value);
  return !Number.isNaN(at) && at > 0 && new Date(at).toISOString().slice(0, 19) === value.slice(0, 19);
};

const fields = {
  v: (value: unknown) => value === 1,
  id: uuid7,
  type: (value: unknown) => typeof value === 'string' && value.length <= 64 && /^[a-z_]+\.[a-z_]+$/.test(value),
  tenant: name,
  sid: uuid,
  seq: count,
  prev: sha256,
} satisfies Record<string, Test>;
const producerFields = { id: producer, epoch: uuid, pseq: (value: unknown) => typeof value === 'number' && value >= 1 } satisfies Record<string, Test>;
const timeFields = { wall, mono_us: count } satisfies Record<string, Test>;
const whoFields = { id: name, npid: or(text), iss: or(text), tok: or(text), jti: or(text), owner: or(text) } satisfies Record<string, Test>;
const onFields = { target: text, kind: text, env: text } satisfies Record<string, Test>;
const authFields = { policy: or(count), slice: or(text), lease: or(text), approval: or(text) } satisfies Record<string, Test>;
const blobFields = {
  role: (value: unknown) => value === 'text' || value === 'params' || value === 'comment' || value === 'claims' || value === 'opening' || value === 'recording',
  ct_sha256: sha256,
  off: count,
  len: count,
} satisfies Record<string, Test>;

function check(of: Members, tests: Readonly<Record<string, Test>>, path: string): void {
  for (const [member, test] of Object.entries(tests)) {
    if (!test(of[member])) throw new MalformedEventError(`${path}${member} is not what it must be`);
  }
}

/** An object with exactly these members; `null` asks only for an object. */
function members(value: unknown, what: string, names: readonly string[] | null): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new MalformedEventError(`${what} is not an object`);
  if (names !== null && (Object.keys(value).length !== names.length || names.some((member) => !Object.hasOwn(value, member)))) throw new MalformedEventError(`${what} does not have exactly its members`);
  return value as Members;
}

function blobs(value: unknown): void {
  if (!Array.isArray(value) || value.length > 255) throw new MalformedEventError('blobs is not a list');
  for (const blob of value) check(members(blob, 'blob', ['role', 'ct_sha256', 'off', 'len']), blobFields, 'blobs.');
}

function whole(value: unknown): void {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new MalformedEventError('a number is not a whole number within ±2^53');
  if (typeof value !== 'object' || value === null) return;
  for (const part of Object.values(value)) whole(part);
}
