import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../json.ts';
import { allTypes } from '../testing/all-types.ts';
import { stored } from '../testing/samples.ts';
import { asyncApi } from './async-api.ts';

const document = asyncApi({ version: '0.1.0', tenant: 'default', server: 'nats.example:4222' });
/** The JSON Schema that the AsyncAPI project publishes for 3.0.0 (package @asyncapi/specs). */
const published: object = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0-without-$id.json');

describe('the AsyncAPI document', () => {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  const valid = ajv.compile(published);

  it('is valid under the published schema of 3.0.0', () => {
    expect(valid(document), JSON.stringify(valid.errors)).toBe(true);
  });

  it('is the one that is published beside this library', async () => {
    await expect(`${JSON.stringify(document, null, 1)}\n`).toMatchFileSnapshot('../../asyncapi.json');
  });

  it('would not be if it were wrong', () => {
    expect(valid({ ...document, channels: { x: { adress: 'typo' } } })).toBe(false);
    expect(valid({ ...document, info: {} })).toBe(false);
  });

  it('has a channel and an operation for every type, on the subject of the type', () => {
    const { channels, operations } = JSON.parse(JSON.stringify(document));
    expect(Object.keys(channels).sort()).toEqual([...allTypes, 'log.checkpoint', 'log.missing', 'log.unreadable'].sort());
    expect(channels['session.opened'].address).toBe('evidence.v1.default.session.opened');
    expect(operations['receive.session.opened']).toMatchObject({ action: 'receive', channel: { $ref: '#/channels/session.opened' } });
  });

  it('has no reference that leads nowhere', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(references.length).toBeGreaterThan(100);
    for (const reference of references) expect(reference.split('/').reduce<unknown>((value, name) => Object(value)[name], document), reference).toBeTypeOf('object');
  });

  it.each(allTypes)('has a schema that the stored bytes of %s fit, and others do not', (type) => {
    const schemas = { components: document['components'] ?? {} } satisfies JsonObject;
    const fits = new Ajv({ strict: false, validateFormats: false }).compile({ ...schemas, $ref: `#/components/messages/${type}/payload` });
    const event: unknown = JSON.parse(Buffer.from(stored(type).bytes).toString());
    expect(fits(event), JSON.stringify(fits.errors)).toBe(true);
    expect(fits({ ...Object(event), d: {} })).toBe(false);
    expect(fits({ ...Object(event), seq: -1 })).toBe(false);
  });
});
