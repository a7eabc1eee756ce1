import { fileURLToPath } from 'node:url';
import { migrate } from '@sallyport/platform-store';
import { createLog } from '@sallyport/platform-telemetry';

const dsn = process.env['SALLYPORT_OWNER_DSN'];
if (dsn === undefined) throw new Error('SALLYPORT_OWNER_DSN is missing: the address of the database as its owner');
await migrate({ dsn, schema: 'governance', directory: fileURLToPath(new URL('../migrations', import.meta.url)), log: createLog({ service: 'governance' }) });
