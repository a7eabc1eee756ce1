import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { storyPolicies } from './story.policies.ts';
import { group, machine, target } from './support/cast.ts';
import { connect } from './support/endpoint.ts';
import { eventually } from './support/ledger.ts';
import { startWorld } from './support/world.ts';

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly service: string;
}

it('a trace that bears the session’s id follows a command through gateway, identity, policy and evidence, and holds no statement', async () => {
  const bodies: string[] = [];
  const collector = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString())).on('end', () => {
      if (request.url === '/v1/traces') bodies.push(body);
      response.end('{}');
    });
  });
  await new Promise<void>((done) => collector.listen(0, '127.0.0.1', done));
  // An AddressInfo, as the server listens on TCP.
  const { port } = collector.address() as AddressInfo;
  const otel = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_COMPRESSION: 'none', OTEL_METRICS_EXPORTER: 'none', OTEL_BSP_SCHEDULE_DELAY: '200' };
  await using world = await startWorld({
    targets: { ledger: { version: 'embedded', seed: readFileSync(join(import.meta.dirname, '../../demo/sql/ledger.sql'), 'utf8'), databases: ['ledger'] } },
    documents: ({ issuer, servers, ca }) => [group('batch'), machine(issuer, 'nightly', { groups: ['batch'] }), target('ledger-db', { port: servers['ledger']?.server.port ?? 0, ca, credential: 'ledger' })],
    policies: storyPolicies(),
    stack: () => Promise.resolve({ env: { gateway: otel, policy: otel, identity: otel, evidence: otel } }),
  });
  {
    await using session = await connect(await world.gateway('ledger-db', 'nightly', 'ledger'));
    await session.client.query("select 'canary-in-a-literal' as word");
  }
  const decided = (await eventually(world, (all) => all.some(({ type }) => type === 'session.closed'))).find(({ type }) => type === 'command.decided');
  const traceId = decided?.sid.replaceAll('-', '');
  const wanted = ['session.identify', 'serve identity.resolve', 'session.lease', 'serve policy.open', 'command', 'evidence.committed'];
  const ofSession = () => bodies.flatMap(spans).filter((span) => span.traceId === traceId);
  await expect.poll(() => wanted.filter((name) => !ofSession().some((span) => span.name === name)), { timeout: 20_000 }).toEqual([]);
  expect(new Set(ofSession().map(({ service }) => service))).toEqual(new Set(['gateway', 'identity', 'policy', 'evidence'].map((name) => `sallyport-${name}`)));
  expect(bodies.join('')).not.toContain('canary');
  collector.close();
});

function spans(body: string): Span[] {
  const parsed = JSON.parse(body) as { resourceSpans: { resource: { attributes: { key: string; value: { stringValue?: string } }[] }; scopeSpans: { spans: { name: string; traceId: string }[] }[] }[] };
  return parsed.resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
    return scopeSpans.flatMap((scope) => scope.spans.map(({ name, traceId }) => ({ name, traceId, service })));
  });
}
