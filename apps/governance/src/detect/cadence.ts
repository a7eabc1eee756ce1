/** A command of a session, on the gateway's own clock that never steps back, in microseconds: when it was asked for, when it was let through (later where people were asked), and how long it ran. */
export interface Step {
  readonly command: string;
  readonly asked: number;
  at: number;
  ran: number | null;
}

/** Commands of a session that are looked at: its first ones. A person shows himself by then, and what a session keeps stays small. */
export const mostSteps = 24;
/** Between reading an answer and having typed the next question: less is no person, more is lunch. Microseconds. */
const [quickest, slowest] = [1_500_000, 900_000_000];
/** Gaps of that length before anything is said; a person needs five questions for anything. */
const enough = 5;
/** Standard deviation by mean. A poller has next to none, whatever its interval; people have about one. */
const uneven = 0.35;
/** A tool of people sends several commands for one that was typed (`\d` of psql sends four), a driver's batch hundreds. */
const share = 0.15;

/** Whether the gaps between the end of one command and the beginning of the next are as people make them. Commands whose end is not known yet tell nothing. */
export function isTyped(steps: readonly Step[]): boolean {
  let gaps = 0;
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (let i = 1; i < steps.length; i++) {
    const [before, after] = [steps[i - 1], steps[i]];
    if (before === undefined || after === undefined || before.ran === null) continue;
    gaps++;
    const gap = after.asked - before.at - before.ran;
    if (gap < quickest || gap > slowest) continue;
    count++;
    sum += gap;
    squares += gap * gap;
  }
  if (count < enough || count < gaps * share) return false;
  const mean = sum / count;
  return Math.sqrt(Math.max(0, squares / count - mean * mean)) >= uneven * mean;
}
