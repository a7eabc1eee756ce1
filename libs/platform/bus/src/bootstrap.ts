import { createLog } from '@sallyport/platform-telemetry';
import { connectBus } from './connect.ts';
import { createStreams } from './create-streams.ts';

/** Makes streams and buckets, once, before the services start: `node libs/platform/bus/dist/bootstrap.js`. */
async function main(): Promise<void> {
  const log = createLog({ service: 'bus-bootstrap' });
  const env = process.env;
  const bus = await connectBus({ servers: env['SALLYPORT_NATS'] ?? '', user: env['SALLYPORT_NATS_USER'] ?? 'bootstrap', password: env['SALLYPORT_NATS_PASSWORD'] ?? '', name: 'bootstrap', log });
  await createStreams(bus);
  await bus.close();
  log.info('streams and buckets are ready');
}

main().catch((error: unknown) => {
  createLog({ service: 'bus-bootstrap' }).error('streams and buckets could not be made', { error });
  process.exitCode = 1;
});
