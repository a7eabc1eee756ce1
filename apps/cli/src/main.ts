import { CommanderError } from 'commander';
import { exit } from './exit.ts';
import { Failure } from './failure.ts';
import { visible, visibleLine } from './output/visible.ts';
import { program } from './program.ts';

try {
  await program().parseAsync(process.argv);
} catch (error) {
  process.exitCode = report(error);
}

/** One line with a code, and a second with the way out. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exit.ok : exit.usage;
  const failure = error instanceof Failure ? error : new Failure('internal', error instanceof Error ? error.message : 'failed', 'this is a fault of sallyport; please report it');
  process.stderr.write(`sallyport: ${failure.code}: ${visibleLine(failure.message)}\n`);
  if (failure.wayOut !== null) process.stderr.write(`  ${visible(failure.wayOut)}\n`);
  return failure.exit;
}
