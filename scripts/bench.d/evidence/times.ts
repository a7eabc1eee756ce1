/** Milliseconds of many calls. */
export interface Times {
  readonly name: string;
  readonly calls: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly most: number;
  /** CPU of all that answer, in milliseconds a call: what others do on the machine changes it less than it changes the time. */
  readonly cpu: number;
}

let cpuSeconds = () => 0;

/** Whose CPU is told with the times. */
export function watchCpu(read: () => number): void {
  cpuSeconds = read;
}

/** One call after the other; the first few are not counted. */
export async function timesOf(name: string, calls: number, once: (i: number) => Promise<unknown>): Promise<Times> {
  for (let i = 0; i < Math.min(20, calls); i++) await once(i);
  const taken: number[] = [];
  const before = cpuSeconds();
  for (let i = 0; i < calls; i++) {
    const began = performance.now();
    await once(i);
    taken.push(performance.now() - began);
  }
  const cpu = ((cpuSeconds() - before) * 1000) / calls;
  taken.sort((a, b) => a - b);
  const at = (share: number) => taken[Math.min(taken.length - 1, Math.floor(taken.length * share))] ?? Number.NaN;
  return { name, calls, p50: at(0.5), p95: at(0.95), p99: at(0.99), most: at(1), cpu };
}

export function timesTable(all: readonly Times[]): string {
  const width = Math.max(...all.map(({ name }) => name.length));
  const ms = (value: number) => value.toFixed(1).padStart(9);
  return [`${'ms'.padEnd(width)} ${['p50', 'p95', 'p99', 'most', 'CPU'].map((name) => name.padStart(9)).join('')}   calls`, ...all.map(({ name, calls, p50, p95, p99, most, cpu }) => `${name.padEnd(width)} ${ms(p50)}${ms(p95)}${ms(p99)}${ms(most)}${ms(cpu)}   ${calls}`)].join('\n');
}
