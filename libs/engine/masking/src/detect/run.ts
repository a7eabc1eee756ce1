import { DIGIT, GAP, classAt } from './bytes.ts';
import { NO_GAP, gap, readGap } from './gap.ts';

/** Groups looked at together. A longer run is read in overlapping pieces. */
const most = 40;

/**
 * Groups of ASCII digits with gaps between them: `2026-11-22 4111 1111 1111 1111` is one run of seven groups. There is one Run
 * for the process, filled anew for each run of digits.
 */
export class Run {
  readonly starts = new Uint32Array(most);
  readonly ends = new Uint32Array(most);
  /** `gaps[g]` is the kind of gap before group g; the first group's is NO_GAP. One more entry closes the list. */
  readonly gaps = new Uint8Array(most + 1);
  count = 0;
  /** The run goes on after the last group that was taken. */
  cut = false;

  /** Reads the run whose first digit is at `at` and whose first group ends at `firstEnd`. */
  read(bytes: Uint8Array, at: number, firstEnd: number, end: number): void {
    this.starts[0] = at;
    this.ends[0] = firstEnd;
    this.gaps[0] = NO_GAP;
    this.cut = false;
    let count = 1;
    let to = firstEnd;
    while (to < end && (classAt(bytes, to) & GAP) !== 0 && readGap(bytes, to, end)) {
      if (count === most) {
        this.cut = true;
        break;
      }
      const from = gap.next;
      to = from + 1;
      while (to < end && (classAt(bytes, to) & DIGIT) !== 0) to++;
      this.starts[count] = from;
      this.ends[count] = to;
      this.gaps[count] = gap.kind;
      count++;
    }
    this.gaps[count] = NO_GAP;
    this.count = count;
  }

  /** Digits of group g. */
  size(g: number): number {
    return g < this.count ? this.to(g) - this.from(g) : 0;
  }

  from(g: number): number {
    return this.starts[g] ?? 0;
  }

  to(g: number): number {
    return this.ends[g] ?? 0;
  }

  /** The gap before group g. */
  before(g: number): number {
    return this.gaps[g] ?? NO_GAP;
  }
}
