import { identityEnter, type EntryAnswer, type EntryRequest, type Bus } from '@sallyport/platform-bus';

/** Why nothing can be said of an entry. */
export interface Unknown {
  readonly unknown: string;
}

interface Waiting {
  readonly entry: EntryRequest;
  resolve(answer: EntryAnswer | Unknown): void;
}

/** Entries of one request to identity, as its contract has them. */
const most = 500;
const patience = 5_000;

/** Asks identity by which entitlement sessions may be there. What is asked for at the same time goes in one request. Never rejects. */
export class Entries {
  readonly #bus: Pick<Bus, 'call'>;
  readonly #opening: Waiting[] = [];
  readonly #renewing: Waiting[] = [];

  constructor(bus: Pick<Bus, 'call'>) {
    this.#bus = bus;
  }

  /** @param of `opening` for a session that begins: its use is counted, and it may be taken for asking */
  ask(of: 'opening' | 'renewing', entry: EntryRequest): Promise<EntryAnswer | Unknown> {
    const waiting = of === 'opening' ? this.#opening : this.#renewing;
    return new Promise((resolve) => {
      if (waiting.length === 0) setImmediate(() => this.#send(of, waiting.splice(0)));
      waiting.push({ entry, resolve });
    });
  }

  #send(of: 'opening' | 'renewing', waiting: readonly Waiting[]): void {
    for (let at = 0; at < waiting.length; at += most) void this.#sendSome(of, waiting.slice(at, at + most));
  }

  async #sendSome(of: 'opening' | 'renewing', waiting: readonly Waiting[]): Promise<void> {
    const reply = await this.#bus.call(identityEnter, { opening: of === 'opening', entries: waiting.map(({ entry }) => entry) }, patience);
    for (const [i, { resolve }] of waiting.entries()) {
      const answer = reply.ok ? reply.value.answers[i] : undefined;
      resolve(answer ?? { unknown: reply.ok ? 'identity did not answer for this session' : 'it cannot be asked now whether the machine is entitled' });
    }
  }
}
