import 'reflect-metadata';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { silentLog, span, startTracing } from '@sallyport/platform-telemetry';
import { expect, it } from 'vitest';
import { maskingPlan, ok } from './contracts/index.ts';
import { Handles } from './handles.ts';
import { BusTransport } from './transport.ts';
import { startNats } from './testing/nats.ts';

@Controller()
class Plans {
  @Handles(maskingPlan)
  plan(request: { target: string }) {
    return span('look up the plan', { target: request.target }, () => ok({ revision: 1, plan: { id: 'p', target: request.target, columns: [], detectors: [], large: [] }, tokenKey: 'k' }));
  }
}

@Module({ controllers: [Plans] })
class PlansModule {}

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
}

it('a trace follows a call over the bus, and traces and metrics reach the collector', async () => {
  const bodies = new Map<string, Buffer[]>();
  const collector = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '';
      bodies.set(path, [...(bodies.get(path) ?? []), Buffer.concat(chunks)]);
      response.end('{}');
    });
  });
  await new Promise<void>((done) => collector.listen(0, '127.0.0.1', done));
  // An AddressInfo, as the server listens on TCP.
  const { port } = collector.address() as AddressInfo;
  Object.assign(process.env, { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_COMPRESSION: 'none' });
  const stop = await startTracing('test');
  await using nats = await startNats();
  const masking = await nats.connect('masking');
  const gateway = await nats.connect('gateway');
  const app = await NestFactory.createMicroservice(PlansModule, { strategy: new BusTransport(masking, 'masking', silentLog), logger: false });
  await app.listen();
  await masking.nc.flush();
  expect((await span('serve a command', {}, () => gateway.call(maskingPlan, { target: 'ledger-db' }))).ok).toBe(true);
  await app.close();
  await stop();
  collector.close();

  const spans = (bodies.get('/v1/traces') ?? []).flatMap((body): Span[] => JSON.parse(body.toString()).resourceSpans.flatMap((one: { scopeSpans: { spans: Span[] }[] }) => one.scopeSpans.flatMap((scope) => scope.spans)));
  const chain = ['serve a command', 'call masking.plan', 'serve masking.plan', 'look up the plan'].map((name) => spans.find((one) => one.name === name));
  expect(new Set(chain.map((one) => one?.traceId)).size).toBe(1);
  expect(chain.slice(1).map((one) => one?.parentSpanId)).toEqual(chain.slice(0, -1).map((one) => one?.spanId));
  expect(chain[0]?.traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(Buffer.concat(bodies.get('/v1/metrics') ?? []).toString('latin1')).toContain('sallyport_bus_call_seconds');
});
