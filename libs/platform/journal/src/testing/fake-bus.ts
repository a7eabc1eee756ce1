import type { BusListener, JournalBus } from '../journal-bus.ts';

/** A bus in memory. It acknowledges in the next microtask unless told otherwise. */
export class FakeBus implements JournalBus {
  connected = true;
  maxMessageBytes = 8 * 1024 ** 2;
  /** `take` acknowledges, `lose` says nothing, `refuse` answers with an error. */
  how: 'take' | 'lose' | 'refuse' = 'take';
  readonly sent: { readonly lane: number; readonly pseq: number; readonly message: Uint8Array }[] = [];
  to: BusListener | null = null;

  send(lane: number, pseq: number, message: Uint8Array): void {
    this.sent.push({ lane, pseq, message });
    const how = this.how;
    queueMicrotask(() => {
      if (how === 'take') this.to?.acknowledged(lane, pseq);
      else if (how === 'refuse') this.to?.refused(lane, pseq, 'maximum bytes exceeded');
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
