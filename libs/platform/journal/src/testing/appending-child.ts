// Appends until it is killed, and prints each position as it becomes durable. Arguments: directory, and the bus's address and password, or nothing.
import { connectBus, type Bus } from '@sallyport/platform-bus';
import { silentLog } from '@sallyport/platform-telemetry';
import { natsJournalBus, openJournal } from '../index.ts';
import { FakeBus } from './fake-bus.ts';

const [directory = '', servers, password = ''] = process.argv.slice(2);
const bus: Bus | null = servers === undefined ? null : await connectBus({ servers, user: 'gateway', password, name: 'child', log: silentLog });
const away = new FakeBus();
away.connected = false;
const journal = await openJournal({ directory, producer: 'gw-1', bus: bus === null ? away : natsJournalBus(bus, 'gw-1'), log: silentLog, limits: { segmentBytes: 256 * 1024 } });
process.stdout.write(`epoch ${journal.producer.epoch}\n`);

/** Sixteen sessions, each with one event on its way. */
for (let i = 0; i < 16; i++) again();

function again(): void {
  const position = journal.append(Buffer.from(`event ${journal.next()} `.padEnd(700, '.')), []);
  journal.whenDurable(position, bus === null ? 'local' : 'acked', (error) => {
    if (error !== null) return;
    process.stdout.write(`${position}\n`);
    again();
  });
}
