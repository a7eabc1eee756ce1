import { isStranger, type Entry, type Stranger } from './entry.ts';

/** What came on a subject. */
export interface Arrival {
  readonly entry: Entry | Stranger;
  readonly subject: string;
}

export interface Arrived {
  readonly entry: Entry;
  readonly subject: string;
}

/** What goes into the ledger with one call. */
export interface Round {
  readonly events: Arrived[];
  readonly strangers: (Stranger & { readonly subject: string })[];
}

/** `append` wants distinct ids: different events of one id go into different rounds, equal ones are one. */
export function roundsOf(arrivals: readonly Arrival[]): Round[] {
  const first: Round = { events: [], strangers: [] };
  const rounds: Rounds = [{ round: first, ids: new Map() }];
  for (const { entry, subject } of arrivals) {
    if (isStranger(entry)) first.strangers.push({ ...entry, subject });
    else place(rounds, { entry, subject });
  }
  return rounds.map(({ round }) => round);
}

type Rounds = { readonly round: Round; readonly ids: Map<string, Uint8Array> }[];

function place(rounds: Rounds, arrived: Arrived): void {
  const { id } = arrived.entry.event;
  for (const { round, ids } of rounds) {
    const there = ids.get(id);
    if (there !== undefined && Buffer.compare(there, arrived.entry.bytes) !== 0) continue;
    if (there !== undefined) return;
    ids.set(id, arrived.entry.bytes);
    return void round.events.push(arrived);
  }
  rounds.push({ round: { events: [arrived], strangers: [] }, ids: new Map([[id, arrived.entry.bytes]]) });
}
