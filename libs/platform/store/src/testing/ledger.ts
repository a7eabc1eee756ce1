import { hash } from 'node:crypto';
import { decodeMessage } from '@sallyport/domain-events';
import { subjects, type Bus } from '@sallyport/platform-bus';

interface Told {
  readonly id: string;
  readonly sid: string;
  readonly seq: number;
  readonly prev: string;
  readonly prod: { readonly id: string; readonly epoch: string; readonly pseq: number };
}

/** Takes what arrives, keeps it by counter and confirms it: as much of the ledger as a producer sees. */
export class ToyLedger {
  readonly #bus: Bus;
  readonly bytes = new Map<number, string>();
  readonly blobs = new Map<number, readonly Uint8Array[]>();
  readonly conflicts: number[] = [];
  epoch = '';
  duplicates = 0;
  /** False keeps the ledger from confirming. */
  confirms = true;
  #stopped = false;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      try {
        const consumer = await this.#bus.js.consumers.get('INGEST', 'ledger');
        for await (const message of await consumer.fetch({ max_messages: 500, expires: 1000 })) {
          this.#take(message.data);
          message.ack();
        }
        this.confirm();
      } catch {
        await new Promise<void>((done) => setTimeout(done, 100));
      }
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  confirm(): void {
    if (this.confirms && this.epoch !== '') this.#bus.publish(subjects.watermark('identity'), { epoch: this.epoch, pseq: this.dense });
  }

  /** The highest counter up to which nothing is missing. */
  get dense(): number {
    let pseq = 0;
    while (this.bytes.has(pseq + 1)) pseq++;
    return pseq;
  }

  #take(data: Uint8Array): void {
    const message = decodeMessage(data);
    const text = Buffer.from(message.event).toString();
    const told: Told = JSON.parse(text);
    this.epoch = told.prod.epoch;
    const known = this.bytes.get(told.prod.pseq);
    if (known !== undefined) this.duplicates++;
    if (known !== undefined && known !== text) this.conflicts.push(told.prod.pseq);
    this.bytes.set(told.prod.pseq, text);
    this.blobs.set(told.prod.pseq, message.blobs);
  }

  /** Ids of all events in order. Throws when a counter is missing or the chain is broken. */
  verified(): string[] {
    let prev = '0'.repeat(64);
    return Array.from({ length: this.bytes.size }, (_, i) => {
      const text = this.bytes.get(i + 1);
      if (text === undefined) throw new Error(`event ${i + 1} is missing`);
      const told: Told = JSON.parse(text);
      if (told.prev !== prev || told.seq !== i || told.sid !== told.prod.epoch) throw new Error(`event ${i + 1} does not follow`);
      prev = hash('sha256', text, 'hex');
      return told.id;
    });
  }
}
