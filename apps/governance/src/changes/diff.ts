/** Lines around a difference that are shown with it. */
const around = 3;
/** Differences beyond which two texts are shown one after the other instead of merged: what finding more would cost grows with their square. */
const mostEdits = 400;

interface Edit {
  readonly sign: ' ' | '-' | '+';
  readonly line: string;
}

/** What has to be done to one text to make the other, as people read it: `-` and `+` lines with three lines around them, `@@` where lines are left out. Nothing that differs is left out. */
export function diff(before: string, after: string): string {
  const edits = compare(lines(before), lines(after));
  const near = edits.map((_, i) => edits.slice(Math.max(0, i - around), i + around + 1).some(({ sign }) => sign !== ' '));
  const shown: string[] = [];
  edits.forEach(({ sign, line }, i) => {
    if (near[i] === true) {
      if (i > 0 && near[i - 1] !== true) shown.push(`  @@ line ${edits.slice(0, i).filter((one) => one.sign !== '+').length + 1}`);
      shown.push(`${sign} ${line}`);
    }
  });
  return shown.join('\n');
}

const lines = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

/** Myers, "An O(ND) difference algorithm" (1986), section 2: the shortest way from one to the other. */
function compare(a: readonly string[], b: readonly string[]): Edit[] {
  const most = Math.min(a.length + b.length, mostEdits);
  const trace: Map<number, number>[] = [];
  let furthest = new Map<number, number>([[1, 0]]);
  for (let d = 0; d <= most; d++) {
    trace.push(new Map(furthest));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1));
      let x = down ? (furthest.get(k + 1) ?? 0) : (furthest.get(k - 1) ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      furthest.set(k, x);
      if (x >= a.length && x - k >= b.length) return backwards(trace, a, b);
    }
    furthest = new Map(furthest);
  }
  return [...a.map((line): Edit => ({ sign: '-', line })), ...b.map((line): Edit => ({ sign: '+', line }))];
}

function backwards(trace: readonly Map<number, number>[], a: readonly string[], b: readonly string[]): Edit[] {
  const edits: Edit[] = [];
  let x = a.length;
  let y = b.length;
  for (let d = trace.length - 1; d >= 0; d--) {
    const furthest = trace[d] ?? new Map<number, number>();
    const k = x - y;
    const down = k === -d || (k !== d && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1));
    const fromX = furthest.get(down ? k + 1 : k - 1) ?? 0;
    const fromY = fromX - (down ? k + 1 : k - 1);
    for (; x > fromX && y > fromY; x--, y--) edits.push({ sign: ' ', line: a[x - 1] ?? '' });
    if (d === 0) break;
    edits.push(down ? { sign: '+', line: b[y - 1] ?? '' } : { sign: '-', line: a[x - 1] ?? '' });
    if (down) y--;
    else x--;
  }
  return edits.reverse();
}
