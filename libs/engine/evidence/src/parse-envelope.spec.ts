import { describe, expect, it } from 'vitest';
import { MalformedEventError, parseEnvelope } from './parse-envelope.ts';
import { smallLedger } from './testing/small-ledger.ts';

const good = Buffer.from(smallLedger(1)[0]?.bytes ?? []).toString();
const refused = (text: string | Buffer) => expect(() => parseEnvelope(Buffer.from(text)), String(text).slice(0, 80)).toThrow(MalformedEventError);

describe('reading an envelope', () => {
  it('takes what the chain writer writes', () => {
    expect(parseEnvelope(Buffer.from(good)).type).toBe('session.opened');
  });

  it('refuses what is not one event, written in one way, with exactly its members', () => {
    refused('');
    refused('null');
    refused('[]');
    refused(`${good} `);
    refused(good.replace('{"v":1', '{"v": 1'));
    refused(good.replace('{"v":1', '{"v":1,"v":1'));
    refused(good.replace('{"v":1', '{"v":2'));
    refused(good.replace('{"v":1,', '{'));
    refused(good.replace('{"v":1', '{"x":1,"v":1'));
    refused(good.replace('"policy":1', '"policy":1.5'));
    refused(good.replace('"policy":1', '"policy":9007199254740993'));
    refused(good.replace('"policy":1', '"policy":1e0'));
    refused(good.replace('"seq":0', '"seq":-1'));
    refused(good.replace('"seq":0', '"seq":"0"'));
    refused(good.replace('"pseq":1', '"pseq":0'));
    refused(good.replace('"id":"gw-1"', '"id":"gw.>"'));
    refused(good.replace('"type":"session.opened"', '"type":"opened"'));
    refused(good.replace('"blobs":[]', '"blobs":[{"role":"text"}]'));
    refused(good.replace('"who":{', '"who":{"extra":1,'));
    refused(Buffer.concat([Buffer.from(good.slice(0, -1)), Buffer.from([0xff]), Buffer.from('}')]));
    refused(good.replace(/"wall":"[^"]*"/, '"wall":"2026-02-30T10:00:00.000000Z"'));
    refused(good.replace(/"wall":"[^"]*"/, '"wall":"2026-02-20T10:00:00Z"'));
    refused('['.repeat(200_000));
    refused(`"${'x'.repeat(300_000)}"`);
  });
});
