import { decodeLot, encodeMessage } from '@sallyport/domain-events';
import type { BusListener, JournalBus, Lot } from '../journal-bus.ts';

/** A bus in memory. It acknowledges in the next microtask unless told otherwise. */
export class FakeBus implements JournalBus {
  connected = true;
  maxMessageBytes = 8 * 1024 ** 2;
  /** `take` acknowledges, `lose` says nothing, `refuse` answers with an error. */
  how: 'take' | 'lose' | 'refuse' = 'take';
  /** One entry for each message of each lot. */
  readonly sent: { readonly lane: number; readonly pseq: number; readonly message: Uint8Array }[] = [];
  lots = 0;
  to: BusListener | null = null;

  send(lot: Lot, bytes: Uint8Array): void {
    this.lots++;
    decodeLot(bytes).messages.forEach((message, i) => this.sent.push({ lane: lot.lane, pseq: lot.first + i, message: encodeMessage(message) }));
    const how = this.how;
    queueMicrotask(() => {
      if (how === 'take') this.to?.acknowledged(lot);
      else if (how === 'refuse') this.to?.refused(lot, 'maximum bytes exceeded');
    });
  }

  listen(to: BusListener): void {
    this.to = to;
  }

  close(): void {
    this.to = null;
  }

  comeBack(): void {
    this.connected = true;
    this.to?.back();
  }
}
