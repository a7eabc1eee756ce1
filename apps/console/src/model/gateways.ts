import { gatewayHealth, gatewayHealthEvery, subjects, type Bus, type GatewayHealth } from '@sallyport/platform-bus';
import type { ServiceHealth } from './health.ts';

/** Who misses three is silent; who was silent for a day is forgotten. Milliseconds. */
const patience = 3 * gatewayHealthEvery + 1_000;
const memory = 24 * 3600 * 1000;
/** More gateways than this are not remembered. */
const most = 1_000;

/** What gateways have said of themselves since this console started. They are heard, not asked: there may be many. */
export class Gateways {
  readonly #heard = new Map<string, { readonly at: number; readonly health: GatewayHealth }>();
  readonly #now: () => number;
  readonly #began: number;
  /** Ends hearing. */
  readonly stop: () => void;

  constructor(bus: Pick<Bus, 'subscribe'>, now: () => number = Date.now) {
    this.#now = now;
    this.#began = now();
    this.stop = bus.subscribe(subjects.gatewayHealth('*'), gatewayHealth, (health, subject) => {
      const name = subject.split('.')[2] ?? '';
      if (this.#heard.has(name) || this.#heard.size < most) this.#heard.set(name, { at: now(), health });
    });
  }

  /** One line for each gateway; one that none was heard, once there was time for it. */
  health(): ServiceHealth[] {
    const now = this.#now();
    for (const [name, { at }] of this.#heard) if (now - at > memory) this.#heard.delete(name);
    if (this.#heard.size === 0) return now - this.#began < patience ? [] : [{ service: 'gateway', ok: false, say: 'none has been heard since the console started' }];
    return [...this.#heard].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([service, { at, health }]) => {
      if (now - at > patience) return { service, ok: false, say: `silent for ${Math.round((now - at) / 1000)} s` };
      const wrong = [...lines('not ready, waits for', health.waiting), ...lines('', health.notes)];
      return { service, ok: wrong.length === 0, say: wrong.length === 0 ? 'answers' : wrong.join('; ') };
    });
  }
}

const lines = (before: string, said: Readonly<Record<string, string>>) => Object.entries(said).map(([name, why]) => `${before}${before === '' ? '' : ' '}${name}: ${why}`);
