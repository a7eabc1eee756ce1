import { exitFor, type ExitCode } from './exit.ts';

/** Ends the command: one line with a code and, where there is one, a way out. */
export class Failure extends Error {
  readonly code: string;
  readonly wayOut: string | null;
  readonly exit: ExitCode;

  constructor(code: string, say: string, wayOut: string | null = null, exitCode: ExitCode = exitFor(code)) {
    super(say);
    this.code = code;
    this.wayOut = wayOut;
    this.exit = exitCode;
  }
}
