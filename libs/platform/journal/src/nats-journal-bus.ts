import { subjects, watermark, type Bus } from '@sallyport/platform-bus';
import type { Msg } from '@nats-io/transport-node';
import type { BusListener, JournalBus, Lot } from './journal-bus.ts';

/**
 * The journal on NATS: core publishes with a reply subject that names the lot, and one subscription that counts the stream's
 * acknowledgements. No promise, timer or inbox for each lot: that would cost twenty times as much.
 */
export function natsJournalBus(bus: Bus, producer: string): JournalBus {
  return new NatsJournalBus(bus, producer);
}

class NatsJournalBus implements JournalBus {
  readonly #bus: Bus;
  readonly #subject: string;
  readonly #producer: string;
  readonly #inbox: string;
  #stops: (() => void)[] = [];

  constructor(bus: Bus, producer: string) {
    this.#bus = bus;
    this.#producer = producer;
    this.#subject = subjects.ingest(producer);
    this.#inbox = `${bus.inbox()}.`;
  }

  get connected(): boolean {
    return this.#bus.connected;
  }

  get maxMessageBytes(): number {
    return this.#bus.nc.info?.max_payload ?? 1024 * 1024;
  }

  send({ lane, first, last }: Lot, bytes: Uint8Array): void {
    this.#bus.nc.publish(this.#subject, bytes, { reply: `${this.#inbox}${lane}.${first}.${last}` });
  }

  listen(to: BusListener): void {
    const acks = this.#bus.nc.subscribe(`${this.#inbox}>`, { callback: (error, message) => (error === null ? this.#onAck(message, to) : undefined) });
    const stopWatermark = this.#bus.subscribe(subjects.watermark(this.#producer), watermark, ({ epoch, pseq }) => to.committed(epoch, pseq));
    let listening = true;
    this.#stops = [() => acks.unsubscribe(), stopWatermark, () => (listening = false)];
    void this.#follow(to, () => listening);
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  #onAck(message: Msg, to: BusListener): void {
    const [lane = 0, first = 0, last = 0] = message.subject.slice(this.#inbox.length).split('.').map(Number);
    const lot = { lane, first, last };
    if (message.data.byteLength === 0) return to.nobodyThere(lot);
    const why = isPlainAck(message.data) ? null : refusalOf(message);
    if (why === null) to.acknowledged(lot);
    else to.refused(lot, why);
  }

  async #follow(to: BusListener, listening: () => boolean): Promise<void> {
    for await (const status of this.#bus.nc.status()) {
      if (!listening()) return;
      // The bus follows the same statuses; one turn later it knows that it is connected.
      if (status.type === 'reconnect') setImmediate(() => to.back());
    }
  }
}

/** `{"stream":…`: an error would stand first. */
function isPlainAck(data: Uint8Array): boolean {
  return data[0] === 0x7b && data[2] === 0x73 && data[3] === 0x74 && data[4] === 0x72;
}

function refusalOf(message: Msg): string | null {
  try {
    const answer: unknown = message.json();
    if (typeof answer !== 'object' || answer === null || !('error' in answer)) return null;
    const { error } = answer;
    return typeof error === 'object' && error !== null && 'description' in error && typeof error.description === 'string' ? error.description : 'an error without words';
  } catch {
    return 'an answer that is not JSON';
  }
}
