import 'reflect-metadata';
import type { RequestListener } from 'node:http';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { BusTransport, connectBus, type Bus } from '@sallyport/platform-bus';
import { gauge, startTracing, type Log } from '@sallyport/platform-telemetry';
import { readEnvironment } from './environment.ts';
import { HttpDoor } from './http.ts';
import { NestLog } from './nest-log.ts';
import { Readiness } from './readiness.ts';
import type { ServiceDefinition, Started } from './service.ts';
import { inOrder, type Step } from './shutdown.ts';

export interface Running {
  /** `host:port` of the HTTP server. */
  readonly http: string;
  readonly readiness: Readiness;
  /** Takes the service down in its order. Never throws; what goes wrong is logged. */
  stop(): Promise<void>;
}

/**
 * Starts a service from its definition. When something fails, what was started is taken down again and the error thrown.
 * Throws EnvironmentError before anything is started.
 */
export async function boot<C>(definition: ServiceDefinition<C>, variables: Readonly<Record<string, string | undefined>>, log: Log): Promise<Running> {
  const { base, bus: busEnv, config } = readEnvironment(definition.name, definition.config, variables);
  const readiness = new Readiness();
  readiness.add('service', () => 'start');
  gauge('sallyport_ready', 'One when the service is ready for work', [], () => (Object.keys(readiness.waiting()).length === 0 ? 1 : 0));
  const door = new HttpDoor(readiness, definition.http?.tls?.(config) ?? null, log);
  const steps: Step[] = [];
  const stop = () => {
    readiness.add('service', () => 'stop');
    return inOrder(steps, log);
  };
  try {
    const stopTracing = await startTracing(`sallyport-${definition.name}`);
    steps.push({ at: 'last', name: 'traces', run: stopTracing });
    const http = await door.listen(base.http.host, base.http.port);
    steps.push({ at: 'nest', name: 'http', run: () => door.close() });

    readiness.add('bus', () => 'a connection to the bus');
    const bus = await connectBus({ servers: base.nats, user: busEnv.user, password: busEnv.password, name: `sallyport-${definition.name}`, log, ...(busEnv.ca === null ? {} : { ca: busEnv.ca }) });
    steps.push({ at: 'bus', name: 'bus', run: () => bus.close() });
    readiness.add('bus', () => (bus.connected ? null : 'a connection to the bus'));

    const started = await definition.start({ config, env: base, log, bus, readiness });
    steps.push(...ofService(started));
    await openNest(started, { bus, door, log, name: definition.name, bodyLimit: definition.http?.bodyLimit ?? 64 * 1024, steps });
    readiness.remove('service');
    return { http, readiness, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function ofService({ stop, outbox, store }: Started): Step[] {
  return [
    ...(stop === undefined ? [] : [{ at: 'service', name: 'service', run: stop } as const]),
    ...(outbox === undefined ? [] : [{ at: 'outbox', name: 'outbox', run: () => outbox.stop() } as const]),
    ...(store === undefined ? [] : [{ at: 'store', name: 'store', run: () => store.close() } as const]),
  ];
}

async function openNest(
  started: Started,
  of: { readonly bus: Bus; readonly door: HttpDoor; readonly log: Log; readonly name: string; readonly bodyLimit: number; readonly steps: Step[] },
): Promise<void> {
  let serve: RequestListener | null = null;
  const adapter = new FastifyAdapter({
    bodyLimit: of.bodyLimit,
    // The server is listening already: Fastify only gives its handler.
    serverFactory: (handler: RequestListener) => {
      serve = handler;
      return of.door.server;
    },
  });
  const nestLog = new NestLog(of.log);
  Logger.overrideLogger(nestLog);
  const app = await NestFactory.create<NestFastifyApplication>(started.module, adapter, { logger: nestLog, abortOnError: false });
  of.steps.push({ at: 'nest', name: 'nest', run: () => app.close() });
  started.prepare?.(app);
  const transport = new BusTransport(of.bus, of.name, of.log);
  app.connectMicroservice({ strategy: transport }, { inheritAppConfig: true });
  of.steps.push({ at: 'work', name: 'requests', run: () => transport.close() });
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  if (serve !== null) of.door.handOver(serve);
  await app.startAllMicroservices();
  // Only now the broker is sure to know what is served here: who hears "ready" and asks must find somebody.
  await of.bus.nc.flush();
}
