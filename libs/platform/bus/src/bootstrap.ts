import { z } from 'zod';
import { createLog } from '@sallyport/platform-telemetry';
import { connectBus } from './connect.ts';
import { createStreams } from './create-streams.ts';

const environment = z.object({
  SALLYPORT_NATS: z.string().min(1),
  SALLYPORT_NATS_USER: z.string().default('bootstrap'),
  SALLYPORT_NATS_PASSWORD: z.string().min(1),
  SALLYPORT_NATS_CA: z.string().optional(),
  SALLYPORT_INGEST_BYTES: z.coerce.number().int().min(1024 ** 2).optional(),
  SALLYPORT_EVIDENCE_BYTES: z.coerce.number().int().min(1024 ** 2).optional(),
  SALLYPORT_EVIDENCE_DAYS: z.coerce.number().int().min(1).max(3650).optional(),
  /** Names of SIEMs, separated by commas. */
  SALLYPORT_SIEMS: z.string().default('').transform((names) => names.split(',').map((name) => name.trim()).filter((name) => name !== '')),
  SALLYPORT_NATS_REPLICAS: z.coerce.number().int().min(1).max(5).default(1),
});

/** Makes streams and buckets, once, before the services start: `node libs/platform/bus/dist/bootstrap.js`. Ends with 2 when the environment is wrong, 1 when it fails. */
async function main(): Promise<number> {
  const log = createLog({ service: 'bus-bootstrap' });
  // An empty variable is a missing one.
  const read = environment.safeParse(Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== '')));
  if (!read.success) {
    for (const issue of read.error.issues) process.stderr.write(`${issue.path.join('.')}: ${issue.message}\n`);
    return 2;
  }
  const env = read.data;
  const ca = env.SALLYPORT_NATS_CA === undefined ? {} : { ca: env.SALLYPORT_NATS_CA };
  const limits = {
    siems: env.SALLYPORT_SIEMS,
    ...(env.SALLYPORT_INGEST_BYTES === undefined ? {} : { ingestBytes: env.SALLYPORT_INGEST_BYTES }),
    ...(env.SALLYPORT_EVIDENCE_BYTES === undefined ? {} : { evidenceBytes: env.SALLYPORT_EVIDENCE_BYTES }),
    ...(env.SALLYPORT_EVIDENCE_DAYS === undefined ? {} : { evidenceDays: env.SALLYPORT_EVIDENCE_DAYS }),
  };
  try {
    const bus = await connectBus({ servers: env.SALLYPORT_NATS, user: env.SALLYPORT_NATS_USER, password: env.SALLYPORT_NATS_PASSWORD, name: 'bootstrap', log, ...ca });
    await createStreams(bus, { replicas: env.SALLYPORT_NATS_REPLICAS, ...limits });
    await bus.close();
    log.info('streams and buckets are ready');
    return 0;
  } catch (error) {
    log.error('streams and buckets could not be made', { error });
    return 1;
  }
}

process.exitCode = await main();
