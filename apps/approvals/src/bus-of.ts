import type { Bus } from '@sallyport/platform-bus';

/** The service's bus, as something that Nest can inject. */
export class BusOf {
  readonly bus: Bus;

  constructor(bus: Bus) {
    this.bus = bus;
  }
}
