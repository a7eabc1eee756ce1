import { chmodSync } from 'node:fs';
import { tempDir, tokenIssuer } from '@sallyport/testing-stack';
import { startStack, type Stack, type StackOptions } from '../../stack/stack.ts';
import { applyConfiguration } from './configuration.ts';
import { Ledger } from './ledger.ts';
import { pathsOf, type Path } from './paths.ts';
import { startPgbouncer } from './pgbouncer.ts';
import { startTarget } from './target.ts';

/** Everything that the benchmark runs on, in a directory that goes away with it. */
export interface Bed extends AsyncDisposable {
  readonly stack: Stack;
  readonly paths: readonly Path[];
  readonly ledger: Ledger;
}

export interface BedOptions {
  readonly scale: number;
  readonly pgbouncer: boolean;
  /** More variables for single services. */
  readonly env: NonNullable<StackOptions['env']>;
  say(line: string): void;
}

export async function makeBed({ scale, pgbouncer: wanted, env, say }: BedOptions): Promise<Bed> {
  await using made = new AsyncDisposableStack();
  const home = made.use(await tempDir('sallyport-bench'));
  // PostgreSQL runs as another user and must reach its own directory inside.
  chmodSync(home.path, 0o755);
  const stack = made.use(await startStack({ home: home.path, say, env }));
  say('target');
  const target = made.use(await startTarget(stack.tls, scale));
  const pgbouncer = wanted ? made.use(await startPgbouncer(stack.tls, target)) : null;
  say('configuration');
  const issuer = await tokenIssuer('bench-issuer');
  await applyConfiguration(stack, issuer, target);
  const all = made.move();
  return { stack, paths: pathsOf({ stack, issuer, target, pgbouncer }), ledger: new Ledger(stack), [Symbol.asyncDispose]: () => all[Symbol.asyncDispose]() };
}
