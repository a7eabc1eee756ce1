// The files whose tests failed, of Vitest's JSON report: a line of paths relative to here. Nothing when so many failed that no busy machine explains it.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const most = 4;
try {
  const { testResults } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
  const failed = testResults.filter(({ status }) => status === 'failed').map(({ name }) => relative(process.cwd(), name));
  if (failed.length <= most) process.stdout.write(failed.join(' '));
} catch {
  // No report was written: nothing is tried again.
}
