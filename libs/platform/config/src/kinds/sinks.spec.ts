import { describe, expect, it } from 'vitest';
import { parseDocument, pathText } from '../parse.ts';

const parse = (spec: object) => parseDocument({ apiVersion: 'sallyport/v1', kind: 'Sink', metadata: { name: 'out' }, spec });
const says = (spec: object) => {
  const parsed = parse(spec);
  return parsed.ok ? [] : parsed.problems.map(({ path, say }) => `${pathText(path)}: ${say}`);
};
const azure = { type: 'azure-monitor', url: 'https://x.ingest.monitor.azure.com', rule: 'dcr-0123456789abcdef0123456789abcdef', stream: 'Custom-Sallyport_CL', tenant: '0198c0de-0000-7000-8000-000000000001', client: 'file:azure' };
const s3 = { type: 's3', endpoint: 'https://s3.eu-central-1.amazonaws.com', region: 'eu-central-1', bucket: 'bank-evidence', credentials: 'file:s3' };

describe('a Sink', () => {
  it.each([
    { type: 'file', file: 'archive' },
    { type: 'webhook', url: 'https://siem.example/hook', secret: 'file:hook', required: true, families: ['session', 'log'] },
    { type: 'webhook', url: 'http://127.0.0.1:8080/hook', secret: 'env:hook' },
    { type: 'syslog', url: 'tls://siem.example:6514', format: 'syslog-cef' },
    { type: 'syslog', url: 'tls://[::1]:6514' },
    { type: 'splunk-hec', url: 'https://splunk.example:8088', token: 'file:hec', index: 'sallyport', format: 'ecs' },
    { type: 'elastic', url: 'https://elastic.example:9200', apiKey: 'file:elastic', format: 'ecs', ocsf: '1.8.0' },
    azure,
    { type: 'otlp', url: 'https://collector.example:4318' },
    s3,
    { ...s3, addressing: 'path', prefix: 'evidence/prod.1', encryption: 'aws:kms', kmsKey: 'arn:aws:kms:eu-central-1:111122223333:key/0f', maxAgeSeconds: 5, format: 'ocsf' },
    { ...s3, type: 's3-object-lock', required: true, everySeconds: 60, retainDays: { entries: 400 } },
  ])('may be %j', (spec) => expect(says(spec)).toEqual([]));

  it.each([
    [{ type: 'kafka' }, 'spec.type: must be one of file, webhook, syslog, splunk-hec, elastic, azure-monitor, otlp, s3, s3-object-lock'],
    [{ ...s3, endpoint: 'http://minio.example:9000' }, 'spec.endpoint: must be https'],
    [{ ...s3, endpoint: 'https://s3.example/evidence' }, 'spec.endpoint: must be the address alone'],
    [{ ...s3, bucket: 'Evidence_Bucket' }, 'spec.bucket: must be the name'],
    [{ ...s3, prefix: '/a' }, 'spec.prefix: must be words'],
    [{ ...s3, prefix: 'a/../b' }, 'spec.prefix: must be words'],
    [{ ...s3, prefix: 'a/' }, 'spec.prefix: must be words'],
    [{ ...s3, credentials: 'AKIAIOSFODNN7EXAMPLE' }, 'spec.credentials: must be file:NAME'],
    [{ ...s3, format: 'cef' }, 'spec.format: '],
    [{ ...s3, type: 's3-object-lock', families: ['log'] }, 'spec.families: unknown field'],
    [{ ...s3, type: 's3-object-lock', retainDays: { tiles: 0 } }, 'spec.retainDays.tiles: '],
    [{}, 'spec.type: must be one of'],
    [{ type: 'file', file: '../x' }, 'spec.file: must be lower case'],
    [{ type: 'file', file: 'a', url: 'https://x.example' }, 'spec.url: unknown field'],
    [{ type: 'webhook', url: 'http://siem.example', secret: 'file:hook' }, 'spec.url: must be https'],
    [{ type: 'webhook', url: 'http://127.0.0.1.siem.example', secret: 'file:hook' }, 'spec.url: must be https'],
    [{ type: 'webhook', url: 'nowhere', secret: 'file:hook' }, 'spec.url: '],
    [{ type: 'webhook', url: 'https://a:b@siem.example', secret: 'file:hook' }, 'spec.url: must not hold a user'],
    [{ type: 'webhook', url: 'https://siem.example' }, 'spec.secret: '],
    [{ type: 'webhook', url: 'https://siem.example', secret: 'hunter2' }, 'spec.secret: must be file:NAME or env:NAME'],
    [{ type: 'syslog', url: 'udp://siem.example:514' }, 'spec.url: must be tls://host:port'],
    [{ type: 'syslog', url: 'tls://siem.example:6514', format: 'ocsf' }, 'spec.format: '],
    [{ type: 'elastic', url: 'https://e.example', apiKey: 'file:e', index: '../x' }, 'spec.index: '],
    [{ ...azure, rule: 'x' }, 'spec.rule: '],
    [{ type: 'otlp', url: 'https://c.example', families: ['session.opened'] }, 'spec.families[0]: must be the first word'],
  ])('may not be %j', (spec, say) => expect(says(spec).join('\n')).toContain(say));
});
