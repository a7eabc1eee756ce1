// The ingesting and publishing parts of the service as a process of its own, for specs that kill it. Without Nest, so that it runs from source.
import { connectBus } from '@sallyport/platform-bus';
import { openStore, Outbox } from '@sallyport/platform-store';
import { createLog } from '@sallyport/platform-telemetry';
import { Ingester } from '../ingest/ingester.ts';
import { Watermarks } from '../ingest/watermarks.ts';
import { Publisher } from '../publish/publisher.ts';
import type { EvidenceDatabase } from '../store/database.ts';
import { Ledger } from '../store/ledger.ts';

const env = (name: string): string => process.env[name] ?? '';
const log = createLog({ service: 'evidence', level: 'warn' });
const bus = await connectBus({ servers: env('SALLYPORT_NATS'), user: env('SALLYPORT_NATS_USER'), password: env('SALLYPORT_NATS_PASSWORD'), name: 'ingester', log });
const store = openStore<EvidenceDatabase>({ dsn: env('SALLYPORT_DSN'), schema: 'evidence', log });
const outbox = new Outbox({ store, bus, producer: 'evidence', tenant: 'default', log });
await outbox.start();
new Ingester({ bus, ledger: new Ledger(store.db, outbox), watermarks: new Watermarks(bus), tenant: 'default', log }).start();
new Publisher({ store, bus, tenant: 'default', log }).start();
