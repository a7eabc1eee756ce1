import { rmSync } from 'node:fs';

const groups = new Set<number>();
const directories = new Set<string>();
let armed = false;

/** Kills this process group when the test process ends before it was stopped. @returns no longer needed */
export function killAtExit(group: number): () => void {
  arm();
  groups.add(group);
  return () => groups.delete(group);
}

export function removeAtExit(path: string): () => void {
  arm();
  directories.add(path);
  return () => directories.delete(path);
}

function arm(): void {
  if (armed) return;
  armed = true;
  process.on('exit', () => {
    for (const group of groups) quietly(() => process.kill(-group, 'SIGKILL'));
    for (const path of directories) quietly(() => rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
  });
  // Without a listener of its own, a signal ends the process with no exit event.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
}

function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // Already gone.
  }
}
