import { connectBus } from '@sallyport/platform-bus';
import { createLog } from '@sallyport/platform-telemetry';
import { sql } from 'kysely';
import { Outbox } from '../outbox.ts';
import { openStore } from '../store.ts';

/**
 * A service that does nothing but write: for each number a row and, in the same transaction, the event that tells it; every third transaction
 * is rolled back. Runs until it is killed. Arguments: dsn, bus address, bus password.
 */
const [dsn = '', servers = '', password = ''] = process.argv.slice(2);
const log = createLog({ service: 'identity', level: 'warn' });
const store = openStore<unknown>({ dsn, schema: 'identity', log });
const bus = await connectBus({ servers, user: 'identity', password, name: 'emitter', log });
const outbox = new Outbox({ store, bus, producer: 'identity', tenant: 'default', log });
await outbox.start();
process.stdout.write('started\n');

for (let n = 0; ; n++) {
  await store.db
    .transaction()
    .execute(async (trx) => {
      const event = await outbox.emit(trx, 'nhi.suspended', { machine: `m-${n}`, why: 'test' });
      await sql`insert into told (event) values (${event})`.execute(trx);
      if (n % 3 === 2) throw new Error('rolled back on purpose');
    })
    .catch((error: unknown) => {
      if (!(error instanceof Error) || error.message !== 'rolled back on purpose') throw error;
    });
}
