import type { Envelope } from '@sallyport/domain-events';
import type { Where } from '../findings.ts';

/** Three heartbeats, in microseconds of a monotonic clock. */
const patienceUs = 30_000_000;

/** One start of one producer, as far as it has come. */
interface Start {
  readonly producer: string;
  readonly epoch: string;
  /** It has said that it beats. */
  beats: boolean;
  /** The one with the greatest counter. */
  last: { readonly pseq: number; readonly monoUs: number; readonly type: string; readonly wall: string; readonly where: Where };
  /** Place of the last of its events, whatever its counter. */
  place: number;
  /** Events of its newest run within the patience, by place. */
  recent: { readonly place: number; readonly monoUs: number }[];
  from: number;
  /** Place of the newest event that is older than the patience, by its own clock. -1: there is none. */
  older: number;
}

interface Told {
  readonly lastPseq: number;
  readonly where: Where;
}

/**
 * Producers that fall silent: SPEC.md 1.4. A start that beats is heard every ten seconds until it says that it stops. Whether time has passed since its last
 * event is seen by the monotonic clocks of the others, in the order of the log: no wall clock is asked, and none can be set to hide it.
 */
export class Silences {
  readonly #starts = new Map<string, Start>();
  readonly #told = new Map<string, Told>();
  /** Where a producer last said that it starts. */
  readonly #started = new Map<string, { readonly epoch: string; readonly place: number }>();
  readonly #pauses: string[] = [];
  #place = 0;

  add(event: Envelope, where: Where): void {
    const place = this.#place++;
    const { id: producer, epoch, pseq } = event.prod;
    const key = `${producer} ${epoch}`;
    const now = { pseq, monoUs: event.t.mono_us, type: event.type, wall: event.t.wall, where };
    const start = this.#starts.get(key);
    if (start === undefined) this.#starts.set(key, { producer, epoch, beats: event.type === beat, last: now, place, recent: [{ place, monoUs: now.monoUs }], from: 0, older: -1 });
    else this.#goOn(start, now, place);
    if (event.type === 'service.started') this.#started.set(producer, { epoch, place });
    if (event.type === 'producer.silent' || event.type === 'producer.heard') this.#tell(event, where);
  }

  /**
   * Says what is silent without the ledger having said so, and what the ledger has said of events that are not here.
   * @returns silences that are explained, as sentences
   */
  finish(silent: (where: Where, say: string) => void, missing: (where: Where, say: string) => void): readonly string[] {
    const notes = [...this.#pauses];
    for (const [key, told] of this.#told) this.#cut(key, told, missing);
    for (const [key, start] of this.#starts) {
      if (!start.beats || start.last.type === 'service.stopped' || !this.#timeHasPassed(start)) continue;
      const { producer, last } = start;
      const since = `since ${last.wall}, after its event ${last.pseq}`;
      const anew = this.#started.get(producer);
      if (anew !== undefined && anew.epoch !== start.epoch && anew.place > start.place) notes.push(`producer ${producer} had ended without saying so ${since}, and has started anew`);
      else if (this.#told.get(key)?.lastPseq === last.pseq) notes.push(`producer ${producer} is silent ${since}; the ledger has said so`);
      else silent(last.where, `producer ${producer} is silent ${since}, without having stopped: three heartbeats are missing`);
    }
    return notes;
  }

  #goOn(start: Start, now: Start['last'], place: number): void {
    start.place = place;
    start.beats ||= now.type === beat;
    // A repeated delivery: it says nothing of how time goes on.
    if (now.pseq <= start.last.pseq) return;
    const passed = now.monoUs - start.last.monoUs;
    if (passed < 0) Object.assign(start, { recent: [], from: 0 });
    else if (start.beats && passed > patienceUs && now.pseq === start.last.pseq + 1 && start.last.type !== 'service.stopped') this.#pauses.push(`producer ${start.producer} said nothing for ${Math.round(passed / 1e6)} s since ${start.last.wall}, between its events ${start.last.pseq} and ${now.pseq}`);
    start.last = now;
    start.recent.push({ place, monoUs: now.monoUs });
    for (let oldest = start.recent[start.from]; oldest !== undefined && now.monoUs - oldest.monoUs > patienceUs; oldest = start.recent[start.from]) {
      start.older = oldest.place;
      start.from++;
    }
    if (start.from > 1024 && start.from * 2 > start.recent.length) {
      start.recent = start.recent.slice(start.from);
      start.from = 0;
    }
  }

  #tell(event: Envelope, where: Where): void {
    const { producer, epoch, last_pseq: lastPseq } = event.d as Partial<Record<string, unknown>>;
    if (typeof producer !== 'string' || typeof epoch !== 'string' || typeof lastPseq !== 'number') return;
    const key = `${producer} ${epoch}`;
    if ((this.#told.get(key)?.lastPseq ?? -1) <= lastPseq) this.#told.set(key, { lastPseq, where });
  }

  #cut(key: string, { lastPseq, where }: Told, missing: (where: Where, say: string) => void): void {
    const start = this.#starts.get(key);
    const [producer = '', epoch = ''] = key.split(' ');
    const last = start?.last.pseq ?? 0;
    if (last >= lastPseq) return;
    const at = { index: null, sid: null, seq: null, producer, epoch, pseq: last + 1, id: null };
    missing(at, `numbers ${last + 1} to ${lastPseq} of producer ${producer} are nowhere${start === undefined ? '' : `, after ${start.last.wall}`}: event ${where.id} says that the ledger had them`);
  }

  /** Whether some other start's clock went on for longer than the patience, with all of that behind this one's last event. */
  #timeHasPassed(of: Start): boolean {
    for (const other of this.#starts.values()) if (other !== of && other.older > of.place) return true;
    return false;
  }
}

const beat = 'producer.heartbeat';
