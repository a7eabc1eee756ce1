import { knownTypes } from '../families/families.ts';
import type { Json, JsonObject } from '../json.ts';
import { envelope } from '../schema/envelope.ts';

/** What the document says about one installation. */
export interface AsyncApiOptions {
  /** Version of Sallyport. */
  readonly version: string;
  readonly tenant: string;
  /** `host:port` of NATS. */
  readonly server: string;
}

/**
 * AsyncAPI 3.0.0 (https://www.asyncapi.com/docs/reference/specification/v3.0.0): one channel for each event type that is known here, on the
 * subject it is published on (`evidence.v1.<tenant>.<family>.<type>`), and one receive operation for each. The messages are the stored
 * bytes themselves. Types that are not listed may come at any time and have the envelope's form.
 */
export function asyncApi({ version, tenant, server }: AsyncApiOptions): JsonObject {
  const types = [...knownTypes].sort(([a], [b]) => (a < b ? -1 : 1));
  const names = [...types.map(([type]) => type), ...Object.keys(others)];
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Sallyport evidence', version,
      description: 'Evidence events in the order of the log, published after they were stored. Unknown members and types are to be ignored, not refused.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    servers: { evidence: { host: server, protocol: 'nats', description: 'Stream EVIDENCE, read by a durable pull consumer that is made for you.' } },
    channels: Object.fromEntries(names.map((type) => [type, channel(type, tenant)])),
    operations: Object.fromEntries(names.map((type) => [`receive.${type}`, operation(type)])),
    components: {
      messages: { ...Object.fromEntries(types.map(([type, { data }]) => [type, message(type, data)])), ...others },
      schemas: { envelope: envelope.json, headers },
    },
  };
}

function channel(type: string, tenant: string): JsonObject {
  return { address: `evidence.v1.${tenant}.${type}`, messages: { [type]: { $ref: `#/components/messages/${type}` } } };
}

/** `action` is seen from the reader: the application described is one that receives. */
function operation(type: string): JsonObject {
  return { action: 'receive', channel: { $ref: `#/channels/${type}` }, messages: [{ $ref: `#/channels/${type}/messages/${type}` }] };
}

function message(type: string, data: JsonObject): JsonObject {
  const payload: Json = { allOf: [{ $ref: '#/components/schemas/envelope' }, { type: 'object', properties: { type: { const: type }, d: data } }] };
  return { name: type, title: type, contentType: 'application/json', headers: { $ref: '#/components/schemas/headers' }, payload };
}

/** What the stream has besides events of known types. */
const others: JsonObject = {
  'log.checkpoint': { name: 'log.checkpoint', title: 'Signed checkpoint', contentType: 'text/plain', headers: { $ref: '#/components/schemas/headers' }, payload: { type: 'string', description: 'A C2SP checkpoint in a signed note. No leaf.' } },
  'log.missing': { name: 'log.missing', title: 'Leaf without its bytes', contentType: 'application/octet-stream', headers: { $ref: '#/components/schemas/headers' }, payload: { type: 'string', maxLength: 0, description: 'Empty: the ledger has the bytes no more.' } },
  'log.unreadable': { name: 'log.unreadable', title: 'Leaf that is no event of version 1', contentType: 'application/octet-stream', headers: { $ref: '#/components/schemas/headers' }, payload: { type: 'string' } },
};

/** The headers of the stream's messages, all text. A message without `Sallyport-Leaf` is no leaf: checkpoints go on subjects of their own. */
const headers: JsonObject = {
  type: 'object',
  properties: {
    'Sallyport-Leaf': { type: 'string', description: 'Leaf index, decimal, from 0, without gaps' },
    'Sallyport-Event': { type: 'string', description: 'Id of the event' },
    'Sallyport-Sha256': { type: 'string', description: 'SHA-256 of the payload, hex, as the ledger noted it when it came' },
    'Sallyport-Received': { type: 'string', description: 'When the ledger took it in, RFC 3339' },
    'Sallyport-Checkpoint': { type: 'string', description: 'Tree size of a checkpoint' },
  },
};
