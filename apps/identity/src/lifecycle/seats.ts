/** So many people of a group. */
export interface Seat {
  readonly group: string;
  readonly count: number;
}

export interface Agreeing {
  readonly person: string;
  readonly groups: readonly string[];
}

/** Whether every seat is taken by another person. Somebody of several groups takes one seat, whichever helps; where no seats are set, one person is enough. */
export function seated(seats: readonly Seat[], people: readonly Agreeing[]): boolean {
  if (seats.length === 0) return people.length > 0;
  const places = seats.flatMap(({ group, count }) => Array.from({ length: count }, () => group));
  const taken = new Map<number, Agreeing>();
  return places.every((_, place) => sit(place, places, people, taken, new Set()));
}

/** Finds somebody for a place; who sits elsewhere already is asked to move on, where that helps. */
function sit(place: number, places: readonly string[], people: readonly Agreeing[], taken: Map<number, Agreeing>, asked: Set<string>): boolean {
  for (const one of people) {
    if (asked.has(one.person) || !one.groups.includes(places[place] ?? '')) continue;
    asked.add(one.person);
    const at = [...taken].find(([, other]) => other.person === one.person)?.[0];
    if (at === undefined || sit(at, places, people, taken, asked)) {
      taken.set(place, one);
      return true;
    }
  }
  return false;
}
