import { instant, uuidv7, type Clock, type EvidenceLog } from '@sallyport/domain-model';
import { conceal, EventChain, type EventData, type EventType, type On, type SealOpenings, type Who, whoNamed } from '@sallyport/domain-events';

/** Events of the gateway itself, outside of sessions: its start and end, its heartbeat, connections that never became a session. */
export class GatewayChain {
  readonly #log: EvidenceLog;
  readonly #clock: Clock;
  readonly #chain: EventChain;
  readonly #openings: SealOpenings;

  constructor(of: { readonly log: EvidenceLog; readonly clock: Clock; readonly tenant: string; readonly openings: SealOpenings }) {
    this.#openings = of.openings;
    this.#log = of.log;
    this.#clock = of.clock;
    const { producer } = of.log;
    this.#chain = new EventChain({ tenant: of.tenant, sid: producer.epoch, producer }, { who: whoNamed(`service:${producer.id}`), on: null });
  }

  /** False when the log takes nothing; the chain then stays where it was. */
  record<T extends EventType>(type: T, data: EventData[T], parties?: { readonly who: Who | null; readonly on: On | null }): boolean {
    if (this.#log.refusing !== null) return false;
    const now = this.#clock.now();
    const stamp = { id: uuidv7(Math.floor(now)), pseq: this.#log.next(), wall: instant(now), monoUs: this.#clock.monoUs() };
    const { data: shown, disclosures } = conceal(type, data, null);
    const opening = disclosures.length === 0 ? [] : [this.#openings(disclosures)];
    this.#log.append(this.#chain.write(type, shown, stamp, null, opening.map(({ ref }) => ref), parties), opening);
    return true;
  }
}
